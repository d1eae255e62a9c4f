import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** CONCAT_WS: nulls are skipped, a null separator gives null. */
export const concatWs: ScalarFunction = {
  kind: 'scalar',
  name: 'CONCAT_WS',
  category: 'STRING',
  description: 'Joins texts with a separator between them; nulls are skipped.',
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
  ],
}
