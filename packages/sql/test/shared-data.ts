import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A path of the shared test data: under `VARVE_SHARED`, or a folder `shared` beside the repository. Says aloud when it is missing. */
export function findSharedData(path: string): string | undefined {
  const repository = fileURLToPath(new URL('../../..', import.meta.url))
  const root = process.env['VARVE_SHARED'] ?? join(repository, '..', 'shared')
  const found = join(root, path)
  if (existsSync(found)) return found
  if (process.env['VARVE_REQUIRE_PEERS'] === '1') throw new Error(`${found} is missing`)
  console.log(`skipped: ${found} is missing (set VARVE_SHARED)`)
  return undefined
}
