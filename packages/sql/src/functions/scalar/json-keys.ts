import { parseObject } from '../json/json-text.ts'
import type { ScalarFunction } from '../function.ts'

/** JSON_KEYS: null for JSON that is no object. */
export const jsonKeys: ScalarFunction = {
  kind: 'scalar',
  name: 'JSON_KEYS',
  category: 'JSON',
  description: 'The names of the members of a JSON object; null for other JSON.',
  overloads: [
    {
      parameters: [{ name: 'json', type: 'STRING' }],
      returns: 'ARRAY<STRING>',
      evaluate: (json: string) => {
        const object = parseObject(json)
        return object === undefined ? null : [...object.keys()]
      },
    },
  ],
}
