import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** SPLIT: empty pieces stay; an empty delimiter gives the single characters or bytes. */
export const split: ScalarFunction = {
  kind: 'scalar',
  name: 'SPLIT',
  category: 'ARRAY',
  description:
    'The pieces of a text, or of bytes, between delimiters; an empty delimiter gives the characters.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'delimiter', type: 'STRING' },
      ],
      returns: 'ARRAY<STRING>',
      // The empty text is one piece, whatever the delimiter.
      evaluate: (text: string, delimiter: string) => (text === '' ? [''] : text.split(delimiter)),
    },
    {
      parameters: [
        { name: 'bytes', type: 'BYTES' },
        { name: 'delimiter', type: 'BYTES' },
      ],
      returns: 'ARRAY<BYTES>',
      evaluate: splitBytes,
    },
  ],
}

function splitBytes(bytes: Uint8Array, delimiter: Uint8Array): Value {
  if (bytes.length === 0) return [bytes]
  if (delimiter.length === 0) return Array.from(bytes, (byte) => Uint8Array.of(byte))
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces: Uint8Array[] = []
  for (let at = 0; ;) {
    const found = text.indexOf(delimiter, at)
    pieces.push(bytes.slice(at, found === -1 ? bytes.length : found))
    if (found === -1) return pieces
    at = found + delimiter.length
  }
}
