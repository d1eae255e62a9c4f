import { parseObject, plainText } from '../json/json-text.ts'
import type { ScalarFunction } from '../function.ts'

/** JSON_RECORDS: texts without quotes, other members as JSON; null for JSON that is no object. */
export const jsonRecords: ScalarFunction = {
  kind: 'scalar',
  name: 'JSON_RECORDS',
  category: 'JSON',
  description: 'The members of a JSON object as a map of texts; null for other JSON.',
  overloads: [
    {
      parameters: [{ name: 'json', type: 'STRING' }],
      returns: 'MAP<STRING, STRING>',
      evaluate: (json: string) => {
        const object = parseObject(json)
        return object === undefined
          ? null
          : new Map([...object].map(([name, member]) => [name, plainText(member)]))
      },
    },
  ],
}
