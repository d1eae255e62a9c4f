import type { ScalarFunction } from '../function.ts'

/** SPLIT_TO_MAP: empty or equal delimiters give null; entries without a delimiter are dropped, the last of equal keys wins. */
export const splitToMap: ScalarFunction = {
  kind: 'scalar',
  name: 'SPLIT_TO_MAP',
  category: 'MAP',
  description: 'A map of a text such as a=1;b=2.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'entryDelimiter', type: 'STRING' },
        { name: 'keyDelimiter', type: 'STRING' },
      ],
      returns: 'MAP<STRING, STRING>',
      evaluate: (text: string, entryDelimiter: string, keyDelimiter: string) => {
        if (entryDelimiter === '' || keyDelimiter === '' || entryDelimiter === keyDelimiter) {
          return null
        }
        const entries = text.split(entryDelimiter).filter((entry) => entry.includes(keyDelimiter))
        return new Map(
          entries.map((entry) => {
            const [key, value] = entry.split(keyDelimiter)
            return [key!, value!]
          }),
        )
      },
    },
  ],
}
