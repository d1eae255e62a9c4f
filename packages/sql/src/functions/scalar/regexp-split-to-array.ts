import { cachedRegExp } from '../regexp/java-regexp.ts'
import type { ScalarFunction } from '../function.ts'

/** REGEXP_SPLIT_TO_ARRAY: empty pieces stay; a pattern that matches the empty text splits the characters. */
export const regexpSplitToArray: ScalarFunction = {
  kind: 'scalar',
  name: 'REGEXP_SPLIT_TO_ARRAY',
  category: 'REGULAR EXPRESSION',
  description: 'The pieces of a text between the matches of a pattern.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'pattern', type: 'STRING', description: 'A regular expression of Java.' },
      ],
      returns: 'ARRAY<STRING>',
      bind: () => {
        const compiled = cachedRegExp()
        return (text: string, pattern: string) => {
          const pieces: string[] = []
          let last = 0
          for (const match of text.matchAll(compiled(pattern))) {
            const isEmpty = match[0] === ''
            if (isEmpty && (match.index === 0 || match.index === text.length)) continue
            pieces.push(text.slice(last, match.index))
            last = match.index + match[0].length
          }
          return [...pieces, text.slice(last)]
        }
      },
    },
  ],
}
