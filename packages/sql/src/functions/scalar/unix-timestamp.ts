import type { ScalarFunction } from '../function.ts'

/** UNIX_TIMESTAMP: Milliseconds since the epoch: of a TIMESTAMP, or now. */
export const unixTimestamp: ScalarFunction = {
  kind: 'scalar',
  name: 'UNIX_TIMESTAMP',
  category: 'DATE / TIME',
  description: 'Milliseconds since the epoch: of a TIMESTAMP, or now.',
  overloads: [
    {
      parameters: [],
      returns: 'BIGINT',
      bind:
        ({ environment }) =>
        () =>
          environment.clock.now(),
    },
    {
      parameters: [{ name: 'timestamp', type: 'TIMESTAMP' }],
      returns: 'BIGINT',
      evaluate: (timestamp: number) => timestamp,
    },
  ],
}
