import { existsSync, readFileSync } from 'node:fs'

/** What the index knows about one expanded case. */
export interface IndexFacts {
  readonly inScope: boolean
  readonly tags: readonly string[]
}

interface IndexFile {
  readonly cases: readonly {
    readonly suite: string
    readonly file: string
    readonly inScope: boolean
    readonly tags: readonly string[]
    readonly expansions: readonly { readonly name: string; readonly tags?: readonly string[] }[]
  }[]
}

/** Facts by `<suite>/<file>#<expanded name>`. Without an index every case is in scope and has no tags. */
export function readIndex(path: string): ReadonlyMap<string, IndexFacts> {
  const facts = new Map<string, IndexFacts>()
  if (!existsSync(path)) return facts
  const index = JSON.parse(readFileSync(path, 'utf8')) as IndexFile
  for (const { suite, file, inScope, tags, expansions } of index.cases) {
    for (const { name, tags: more = [] } of expansions) {
      facts.set(`${suite}/${file}#${name}`, { inScope, tags: [...tags, ...more] })
    }
  }
  return facts
}
