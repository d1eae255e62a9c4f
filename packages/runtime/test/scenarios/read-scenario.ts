import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A script as its user wrote it: those that the demo runs, too. */
export function readScenario(name: 'readings' | 'event-participation'): string {
  const scripts = join(import.meta.dirname, '../../../../internal/demo/sql')
  return readFileSync(join(scripts, `${name}.sql`), 'utf8')
}
