import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of Debezium fixtures: in `VARVE_SHARED`, else in `shared` beside the repository. Undefined when there is none. */
export function findDebeziumFixtures(): string | undefined {
  const shared =
    process.env['VARVE_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url))
  const directory = join(shared, 'fixtures', 'debezium')
  return existsSync(directory) ? directory : undefined
}
