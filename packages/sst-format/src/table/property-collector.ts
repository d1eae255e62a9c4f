import { InvalidOptionError, toBytes } from '@varve/base'

/**
 * Gathers properties of a table of its user's choice while it is written; they stand in its properties block beside the
 * others, under the names it gives. One collector for each table.
 */
export interface TablePropertyCollector {
  /** Stands in `rocksdb.property.collectors`. */
  readonly name: string
  /** Every point entry in order; the arrays are borrowed for the call. */
  add(userKey: Uint8Array, value: Uint8Array, valueType: number, sequence: number): void
  /** At the end: values by name. Names that begin with `rocksdb.` are refused. */
  finish(): Readonly<Record<string, string | Uint8Array>>
}

/** What the collectors of a finished table give, by name. @throws InvalidOptionError for a name of RocksDB's own */
export function collectedProperties(
  collectors: readonly TablePropertyCollector[],
): Map<string, Uint8Array> {
  const properties = new Map<string, Uint8Array>()
  for (const collector of collectors) {
    for (const [name, value] of Object.entries(collector.finish())) {
      if (name.startsWith('rocksdb.')) {
        throw new InvalidOptionError(
          'propertyCollectors',
          `"${collector.name}" gives "${name}", a name of RocksDB's own`,
        )
      }
      properties.set(name, new Uint8Array(toBytes(value)))
    }
  }
  return properties
}
