import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { isPeerThere } from './peer.ts'

/**
 * Path of test data that is not part of the repository, or undefined when this machine has none.
 *
 * Looked for in the directory that `VARVE_SHARED` names, else in a folder `shared` beside the repository; see {@link isPeerThere}.
 */
export function sharedFixture(relativePath: string): string | undefined {
  const root = process.env['VARVE_SHARED'] ?? join(dirname(repositoryRoot()), 'shared')
  const path = join(root, relativePath)
  const what = `test data "${relativePath}" (set VARVE_SHARED to its directory)`
  return isPeerThere(what, existsSync(path)) ? path : undefined
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
