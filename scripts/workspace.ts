import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root folder of the repository, without a trailing slash. */
export const repositoryRoot: string = fileURLToPath(new URL('..', import.meta.url)).replace(
  /[\\/]$/,
  '',
)

/** A published package of this repository. */
export interface PublishedPackage {
  readonly folder: string
  readonly name: string
  readonly dependencies: readonly string[]
}

/** The packages under `packages/`, sorted by folder. */
export function publishedPackages(): PublishedPackage[] {
  const packagesRoot = join(repositoryRoot, 'packages')
  return readdirSync(packagesRoot)
    .sort()
    .map((folder) => {
      const manifest = JSON.parse(
        readFileSync(join(packagesRoot, folder, 'package.json'), 'utf8'),
      ) as { name: string; dependencies?: Record<string, string> }
      return {
        folder: join(packagesRoot, folder),
        name: manifest.name,
        dependencies: Object.keys(manifest.dependencies ?? {}),
      }
    })
}

/** The package and everything of ours it needs, transitively. */
export function closureOf(name: string, packages: readonly PublishedPackage[]): PublishedPackage[] {
  const byName = new Map(packages.map((p) => [p.name, p]))
  const found = new Map<string, PublishedPackage>()
  const visit = (next: string): void => {
    const entry = byName.get(next)
    if (entry === undefined || found.has(next)) return
    found.set(next, entry)
    entry.dependencies.forEach(visit)
  }
  visit(name)
  return [...found.values()]
}
