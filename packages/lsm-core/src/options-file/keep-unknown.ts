import { formatOptionStruct, parseOptionStruct, type OptionsFile } from '@varve/manifest'

/** The release whose names are written; later ones load them, too. */
const WRITTEN_VERSION = '7.8.3'
/** Names of a place or a machine: they do not hold for the next one who opens the database. */
const NOT_KEPT: ReadonlySet<string> = new Set(['wal_dir', 'db_log_dir', 'db_host_id', 'db_paths'])

/**
 * Adds to a new OPTIONS file what the one before says and is not an option here, so that RocksDB finds its own options again.
 * When that one has names of a later release its version is kept, as the sign that they may be passed over.
 */
export function keepUnknownOptions(
  next: OptionsFile,
  previous: OptionsFile | undefined,
): OptionsFile {
  if (previous === undefined) return next
  const before = new Map(previous.families.map((family) => [family.name, family]))
  const version = previous.version.get('rocksdb_version') ?? ''
  return {
    version: new Map([
      ...next.version,
      ['rocksdb_version', isLater(version, WRITTEN_VERSION) ? version : WRITTEN_VERSION],
    ]),
    database: merged(next.database, previous.database),
    families: next.families.map((family) => {
      const old = before.get(family.name)
      if (old === undefined) return family
      const isSameFactory = old.tableFactory === undefined && old.table !== undefined
      return {
        ...family,
        options: merged(family.options, old.options),
        table:
          isSameFactory && family.table !== undefined
            ? merged(family.table, old.table)
            : family.table,
      }
    }),
  }
}

function merged(
  next: ReadonlyMap<string, string>,
  previous: ReadonlyMap<string, string>,
): Map<string, string> {
  const values = new Map(next)
  for (const [name, old] of previous) {
    if (NOT_KEPT.has(name)) continue
    const value = next.get(name)
    values.set(name, value === undefined ? old : mergedStruct(value, old))
  }
  return values
}

/** Of two structs of one kind the fields that the new one has not are kept. */
function mergedStruct(value: string, old: string): string {
  const fields = parseOptionStruct(value)
  const before = parseOptionStruct(old)
  if (fields === undefined || before === undefined || fields.get('id') !== before.get('id'))
    return value
  return formatOptionStruct(new Map([...before, ...fields]))
}

function isLater(a: string, b: string): boolean {
  const parts = (version: string): number[] => version.split('.').map(Number)
  const [left, right] = [parts(a), parts(b)]
  for (const [i, part] of left.entries()) {
    if (Number.isNaN(part)) return false
    const other = right[i] ?? 0
    if (part !== other) return part > other
  }
  return false
}
