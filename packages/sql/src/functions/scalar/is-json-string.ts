import { parseDocument } from '../json/json-text.ts'
import type { ScalarFunction } from '../function.ts'

/** IS_JSON_STRING: null and blank text are no JSON. */
export const isJsonString: ScalarFunction = {
  kind: 'scalar',
  name: 'IS_JSON_STRING',
  category: 'JSON',
  description: 'Whether a text is JSON.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING' }],
      returns: 'BOOLEAN',
      nulls: 'call',
      evaluate: (text: string | null) => {
        if (text === null) return false
        try {
          return parseDocument(text) !== undefined
        } catch {
          return false
        }
      },
    },
  ],
}
