import { join } from 'node:path'

import { isVarveError, UnsupportedError } from '@varve/base'
import { parseFileName, tableFileName } from '@varve/manifest'
import type { FileSystem } from '@varve/vfs'

import type { FamilyHints } from './family-hints.ts'
import type { ManifestHints } from './manifest-hints.ts'
import { scanTable, type ScannedTable } from './scan-table.ts'

/** A file that cannot be used, and why. */
export interface DamagedFile {
  readonly name: string
  readonly reason: string
}

/** What the tables of a directory are worth. */
export interface ScannedTables {
  readonly tables: readonly ScannedTable[]
  /** Names of files that the database does not need: damaged, empty, or not listed by a whole MANIFEST. */
  readonly aside: readonly string[]
  readonly damaged: readonly DamagedFile[]
}

/** Reads every table from end to end. @throws UnsupportedError when the order of one is not known */
export async function scanTables(
  fs: FileSystem,
  directory: string,
  manifest: ManifestHints,
  families: FamilyHints,
): Promise<ScannedTables> {
  const listed = manifest.state === undefined ? undefined : listedTables(manifest)
  const tables: ScannedTable[] = []
  const aside: string[] = []
  const damaged: DamagedFile[] = []
  const present = new Set<number>()
  for (const name of await fs.list(directory)) {
    const parsed = parseFileName(name)
    if (parsed?.type !== 'table') continue
    const { number } = parsed
    present.add(number)
    if (listed !== undefined && !listed.has(number)) {
      aside.push(name)
      continue
    }
    const { largestSequence } = manifest.tables.get(number) ?? {}
    try {
      const table = await scanTable(
        fs,
        join(directory, name),
        number,
        (id, family) => families.orderOf(family, id, manifest),
        largestSequence === Number.MAX_SAFE_INTEGER ? undefined : largestSequence,
      )
      if (table === undefined) aside.push(name)
      else tables.push(table)
    } catch (error) {
      if (error instanceof UnsupportedError || !isVarveError(error)) throw error
      aside.push(name)
      damaged.push({ name, reason: error.message })
    }
  }
  for (const number of listed ?? [])
    if (!present.has(number)) damaged.push({ name: tableFileName(number), reason: 'is missing' })
  return { tables, aside, damaged }
}

function listedTables({ state }: ManifestHints): Set<number> {
  return new Set(
    state!.columnFamilies.flatMap(({ levels }) => levels.flat().map(({ number }) => number)),
  )
}
