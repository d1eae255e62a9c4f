import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Path of test data that is not part of the repository, or undefined when this machine has none.
 *
 * Looked for in the directory that `VARVE_SHARED` names, else in a folder `shared` beside the repository. With
 * `VARVE_REQUIRE_PEERS=1` missing data is an error instead of a reason to skip.
 */
export function sharedFixture(relativePath: string): string | undefined {
  const root = process.env['VARVE_SHARED'] ?? join(dirname(repositoryRoot()), 'shared')
  const path = join(root, relativePath)
  if (existsSync(path)) return path
  if (process.env['VARVE_REQUIRE_PEERS'] === '1')
    throw new Error(`test data "${relativePath}" is missing`)
  console.log(`skipped: test data "${relativePath}" is missing (set VARVE_SHARED to its directory)`)
  return undefined
}

function repositoryRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package-lock.json'))) {
    const parent = dirname(directory)
    if (parent === directory) return process.cwd()
    directory = parent
  }
  return directory
}
