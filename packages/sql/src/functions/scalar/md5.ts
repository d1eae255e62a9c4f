import { createHash } from 'node:crypto'

import type { ScalarFunction } from '../function.ts'

/** MD5: MD5 of the UTF-8 bytes of a text, in lower-case hexadecimal. */
export const md5: ScalarFunction = {
  kind: 'scalar',
  name: 'MD5',
  category: 'STRING',
  description: 'MD5 of the UTF-8 bytes of a text, in lower-case hexadecimal.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING' }],
      returns: 'STRING',
      evaluate: (text: string) => createHash('md5').update(text).digest('hex'),
    },
  ],
}
