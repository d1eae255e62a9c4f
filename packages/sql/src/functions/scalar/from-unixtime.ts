import type { ScalarFunction } from '../function.ts'

/** FROM_UNIXTIME: The TIMESTAMP of milliseconds since the epoch. */
export const fromUnixtime: ScalarFunction = {
  kind: 'scalar',
  name: 'FROM_UNIXTIME',
  category: 'DATE / TIME',
  description: 'The TIMESTAMP of milliseconds since the epoch.',
  overloads: [
    {
      parameters: [{ name: 'milliseconds', type: 'BIGINT' }],
      returns: 'TIMESTAMP',
      evaluate: (milliseconds: number | bigint) => Number(milliseconds),
    },
  ],
}
