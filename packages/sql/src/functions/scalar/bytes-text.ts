import { bytesToEncoded, encodedToBytes } from '../bytes/encoding.ts'
import type { ScalarFunction } from '../function.ts'

const encoding = {
  name: 'encoding',
  type: 'STRING',
  description: 'hex, utf8, ascii or base64.',
}

/** Between BYTES and their text in an encoding. */
export const bytesText: readonly ScalarFunction[] = [
  {
    kind: 'scalar',
    name: 'TO_BYTES',
    category: 'CONVERSIONS',
    description: 'The BYTES that a text stands for in an encoding.',
    overloads: [
      {
        parameters: [{ name: 'text', type: 'STRING' }, encoding],
        returns: 'BYTES',
        evaluate: encodedToBytes,
      },
    ],
  },
  {
    kind: 'scalar',
    name: 'FROM_BYTES',
    category: 'CONVERSIONS',
    description: 'BYTES as a text in an encoding; hexadecimal digits are capitals.',
    overloads: [
      {
        parameters: [{ name: 'bytes', type: 'BYTES' }, encoding],
        returns: 'STRING',
        evaluate: (bytes: Uint8Array, name: string) => {
          const text = bytesToEncoded(bytes, name)
          return name.toLowerCase() === 'hex' ? text.toUpperCase() : text
        },
      },
    ],
  },
]
