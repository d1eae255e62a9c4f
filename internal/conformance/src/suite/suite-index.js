import { existsSync, readFileSync } from 'node:fs'
/** Facts by `<suite>/<file>#<expanded name>`. Without an index every case is in scope and has no tags. */
export function readIndex(path) {
  const facts = new Map()
  if (!existsSync(path)) return facts
  const index = JSON.parse(readFileSync(path, 'utf8'))
  for (const { suite, file, inScope, tags, expansions } of index.cases) {
    for (const { name, tags: more = [] } of expansions) {
      facts.set(`${suite}/${file}#${name}`, { inScope, tags: [...tags, ...more] })
    }
  }
  return facts
}
