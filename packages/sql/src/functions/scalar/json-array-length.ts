import { parseArray } from '../json/json-text.ts'
import type { ScalarFunction } from '../function.ts'

/** JSON_ARRAY_LENGTH: null for JSON that is no array. */
export const jsonArrayLength: ScalarFunction = {
  kind: 'scalar',
  name: 'JSON_ARRAY_LENGTH',
  category: 'JSON',
  description: 'How many elements a JSON array has; null for other JSON.',
  overloads: [
    {
      parameters: [{ name: 'json', type: 'STRING' }],
      returns: 'INTEGER',
      evaluate: (json: string) => parseArray(json)?.length ?? null,
    },
  ],
}
