import type { Catalog } from './catalog.ts'

/** What was probably meant by a name that nothing has: the same name in other letters. Begins with a line break; empty when there is none. */
export function likeNamed(name: string, catalog: Pick<Catalog, 'source'>): string {
  const small = name.toLowerCase()
  const capital = name.toUpperCase()
  if (name !== small && catalog.source(small) !== undefined) {
    return `\nDid you mean "${small}"? Hint: wrap the source name in double quotes to make it case-sensitive.`
  }
  return name !== capital && catalog.source(capital) !== undefined
    ? `\nDid you mean ${capital}? Hint: try removing double quotes from the source name.`
    : ''
}
