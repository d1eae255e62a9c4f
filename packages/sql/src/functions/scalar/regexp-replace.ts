import { cachedRegExp } from '../regexp/java-regexp.ts'
import type { ScalarFunction } from '../function.ts'

/** REGEXP_REPLACE: `$1` and `${name}` stand for groups, a backslash takes the meaning of what follows. */
export const regexpReplace: ScalarFunction = {
  kind: 'scalar',
  name: 'REGEXP_REPLACE',
  category: 'REGULAR EXPRESSION',
  description: 'A text with all matches of a pattern replaced.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'pattern', type: 'STRING', description: 'A regular expression of Java.' },
        { name: 'replacement', type: 'STRING', description: '$1 is the first group.' },
      ],
      returns: 'STRING',
      bind: () => {
        const compiled = cachedRegExp()
        return (text: string, pattern: string, replacement: string) => {
          let result = ''
          let last = 0
          for (const match of text.matchAll(compiled(pattern))) {
            result += text.slice(last, match.index) + expand(replacement, match)
            last = match.index + match[0].length
          }
          return result + text.slice(last)
        }
      },
    },
  ],
}

function expand(replacement: string, match: RegExpExecArray): string {
  return replacement.replaceAll(
    /\\([\s\S]?)|\$(?:\{(\w+)\}|(\d*))/g,
    (_, escaped: string | undefined, name: string | undefined, digits: string | undefined) => {
      if (escaped !== undefined) {
        if (escaped === '') throw new RangeError('the replacement ends with a backslash')
        return escaped
      }
      if (name !== undefined) {
        if (match.groups === undefined || !(name in match.groups)) {
          throw new RangeError(`the pattern has no group ${name}`)
        }
        return match.groups[name] ?? ''
      }
      return expandNumber(digits ?? '', match)
    },
  )
}

/** As many digits belong to the number as still name a group. */
function expandNumber(digits: string, match: RegExpExecArray): string {
  if (digits === '' || Number(digits[0]) >= match.length) {
    throw new RangeError(`the pattern has no group $${digits}`)
  }
  let length = 1
  while (length < digits.length && Number(digits.slice(0, length + 1)) < match.length) length += 1
  return (match[Number(digits.slice(0, length))] ?? '') + digits.slice(length)
}
