import type { ScalarFunction } from '../function.ts'

/** LEN: Length of a text in UTF-16 units, or of bytes. */
export const len: ScalarFunction = {
  kind: 'scalar',
  name: 'LEN',
  category: 'STRING',
  description: 'Length of a text in UTF-16 units, or of bytes.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING' }],
      returns: 'INTEGER',
      evaluate: (text: string) => text.length,
    },
    {
      parameters: [{ name: 'bytes', type: 'BYTES' }],
      returns: 'INTEGER',
      evaluate: (bytes: Uint8Array) => bytes.length,
    },
  ],
}
