import { bytesToEncoded, encodedToBytes } from '../bytes/encoding.ts'
import type { ScalarFunction } from '../function.ts'

const encodings = 'hex, utf8, ascii or base64'

/** ENCODE: from one text encoding of bytes to another. */
export const encode: ScalarFunction = {
  kind: 'scalar',
  name: 'ENCODE',
  category: 'STRING',
  description: 'A text of one encoding in another one.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'from', type: 'STRING', description: encodings },
        { name: 'to', type: 'STRING', description: encodings },
      ],
      returns: 'STRING',
      evaluate: (text: string, from: string, to: string) => {
        if (from.toLowerCase() === to.toLowerCase()) {
          throw new RangeError('ENCODE takes two different encodings')
        }
        return bytesToEncoded(encodedToBytes(text, from), to)
      },
    },
  ],
}
