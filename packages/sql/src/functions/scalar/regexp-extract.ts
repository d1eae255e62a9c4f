import { cachedRegExp } from '../regexp/java-regexp.ts'
import type { ScalarFunction, ScalarOverload } from '../function.ts'

const parameters = [
  { name: 'pattern', type: 'STRING', description: 'A regular expression of Java.' },
  { name: 'text', type: 'STRING' },
]
const group = { name: 'group', type: 'INTEGER', description: 'Default 0, the whole match.' }

/** The groups of a match; undefined for one that the pattern does not have. */
type Matched = readonly (string | undefined)[]

function overload(
  hasGroup: boolean,
  returns: string,
  pick: (matches: Iterable<Matched>, group: number) => string | null | (string | null)[],
): ScalarOverload {
  return {
    parameters: hasGroup ? [...parameters, group] : parameters,
    returns,
    bind: () => {
      const compiled = cachedRegExp()
      return (pattern: string, text: string, index = 0) =>
        pick(text.matchAll(compiled(pattern)), index)
    },
  }
}

const first: Parameters<typeof overload>[2] = (matches, index) => {
  for (const match of matches) return match[index] ?? null
  return null
}

const all: Parameters<typeof overload>[2] = (matches, index) => {
  const texts: (string | null)[] = []
  for (const match of matches) {
    if (index < 0 || index >= match.length) return null
    texts.push(match[index] ?? null)
  }
  return texts
}

/** REGEXP_EXTRACT: the first match; none gives null, and so does a group that the pattern does not have. */
export const regexpExtract: ScalarFunction = {
  kind: 'scalar',
  name: 'REGEXP_EXTRACT',
  category: 'REGULAR EXPRESSION',
  description: 'The first piece of a text that matches a pattern, or a group of it.',
  overloads: [overload(false, 'STRING', first), overload(true, 'STRING', first)],
}

/** REGEXP_EXTRACT_ALL: all matches; a group that the pattern does not have gives null. */
export const regexpExtractAll: ScalarFunction = {
  kind: 'scalar',
  name: 'REGEXP_EXTRACT_ALL',
  category: 'REGULAR EXPRESSION',
  description: 'The pieces of a text that match a pattern, or a group of each.',
  overloads: [overload(false, 'ARRAY<STRING>', all), overload(true, 'ARRAY<STRING>', all)],
}
