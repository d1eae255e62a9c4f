import type { Value } from '@varve/serde'

import { concatBytes } from '../bytes/concat-bytes.ts'
import type { ScalarFunction } from '../function.ts'

/** CONCAT_WS: nulls are skipped, a null separator gives null. */
export const concatWs: ScalarFunction = {
  kind: 'scalar',
  name: 'CONCAT_WS',
  category: 'STRING',
  description: 'Joins texts, or bytes, with a separator between them; nulls are skipped.',
  overloads: [
    {
      parameters: [
        { name: 'separator', type: 'STRING' },
        { name: 'first', type: 'STRING' },
        { name: 'texts', type: 'STRING...' },
      ],
      returns: 'STRING',
      nulls: 'call',
      evaluate: (separator: string | null, ...texts: readonly (string | null)[]): Value =>
        separator === null ? null : texts.filter((text) => text !== null).join(separator),
    },
    {
      parameters: [
        { name: 'separator', type: 'BYTES' },
        { name: 'first', type: 'BYTES' },
        { name: 'parts', type: 'BYTES...' },
      ],
      returns: 'BYTES',
      nulls: 'call',
      evaluate: (separator: Uint8Array | null, ...parts: readonly (Uint8Array | null)[]): Value =>
        separator === null
          ? null
          : concatBytes(
              parts
                .filter((part) => part !== null)
                .flatMap((part, i) => (i === 0 ? [part] : [separator, part])),
            ),
    },
  ],
}
