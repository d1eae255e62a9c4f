import type { FileMetadata, NewFile } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { ResolvedColumnFamilyOptions } from '../options/resolve.ts'
import { arrangeTables } from './arrange-tables.ts'
import type { ManifestHints } from './manifest-hints.ts'
import type { ScannedTable } from './scan-table.ts'

/**
 * Finds the levels of a family's tables: those of a whole MANIFEST, else by the ages of what is in them; what the logs became goes
 * on top. Undefined when ages do not tell: then `files` have to be merged.
 */
export function layOutTables(
  family: ColumnFamily,
  manifest: ManifestHints,
  tables: readonly ScannedTable[],
  converted: readonly NewFile[],
): { readonly placed: readonly NewFile[] | undefined; readonly files: readonly FileMetadata[] } {
  const files = [...tables.map(({ file }) => file), ...converted.map(({ file }) => file)]
  const known = manifest.state?.columnFamilies.find(({ id }) => id === family.id)
  if (known === undefined) {
    return {
      placed: arrangeTables(files, family.options.comparator, levelsFor(family.options)),
      files,
    }
  }
  const kept = new Map(tables.map(({ file }) => [file.number, file]))
  const placed = known.levels.flatMap((level, i) =>
    level
      .filter(({ number }) => kept.has(number))
      .map((file): NewFile => ({
        level: i,
        file: { ...file, entries: kept.get(file.number)!.entries ?? 0 },
      })),
  )
  return { placed: [...placed, ...converted], files }
}

/** Levels that tables may be placed in: FIFO compaction knows level 0 alone. */
export function levelsFor(options: ResolvedColumnFamilyOptions): number {
  return options.compactionStyle === 'fifo' ? 1 : options.numLevels
}
