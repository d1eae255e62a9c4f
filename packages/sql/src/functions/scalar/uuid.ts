import type { ScalarFunction } from '../function.ts'

function format(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return [8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join('-')
}

/** UUID: random (version 4), or 16 bytes written as one; another length gives null. */
export const uuid: ScalarFunction = {
  kind: 'scalar',
  name: 'UUID',
  category: 'STRING',
  description: 'A random UUID, or 16 bytes written as one.',
  overloads: [
    {
      parameters: [],
      returns: 'STRING',
      bind:
        ({ environment }) =>
        () =>
          environment.random.uuid(),
    },
    {
      parameters: [{ name: 'bytes', type: 'BYTES' }],
      returns: 'STRING',
      evaluate: (bytes: Uint8Array) => (bytes.length === 16 ? format(bytes) : null),
    },
  ],
}
