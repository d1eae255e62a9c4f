import { formatLosslessJson } from '@varve/serde'

import { parseArray } from '../json/json-text.ts'
import type { ScalarFunction } from '../function.ts'

/** JSON_ITEMS: every element as JSON, texts in their quotes; null for JSON that is no array. */
export const jsonItems: ScalarFunction = {
  kind: 'scalar',
  name: 'JSON_ITEMS',
  category: 'JSON',
  description: 'The elements of a JSON array as JSON texts; null for other JSON.',
  overloads: [
    {
      parameters: [{ name: 'json', type: 'STRING' }],
      returns: 'ARRAY<STRING>',
      evaluate: (json: string) => parseArray(json)?.map(formatLosslessJson) ?? null,
    },
  ],
}
