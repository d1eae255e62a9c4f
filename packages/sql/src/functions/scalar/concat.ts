import type { Value } from '@varve/serde'

import { concatBytes } from '../bytes/concat-bytes.ts'
import type { ScalarFunction } from '../function.ts'

/** CONCAT and `||`: nulls are skipped. */
export const concat: ScalarFunction = {
  kind: 'scalar',
  name: 'CONCAT',
  category: 'STRING',
  description: 'Joins texts, or bytes; nulls are skipped.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING...' }],
      returns: 'STRING',
      nulls: 'call',
      evaluate: (...texts: readonly (string | null)[]): Value => texts.join(''),
    },
    {
      parameters: [{ name: 'bytes', type: 'BYTES...' }],
      returns: 'BYTES',
      nulls: 'call',
      evaluate: (...parts: readonly (Uint8Array | null)[]): Value =>
        concatBytes(parts.filter((part) => part !== null)),
    },
  ],
}
