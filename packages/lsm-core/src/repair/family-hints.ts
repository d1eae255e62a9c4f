import {
  bytewiseComparator,
  comparatorNamed,
  isVarveError,
  UnsupportedError,
  type Comparator,
} from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import { loadLatestOptions } from '../options-file/read-options-file.ts'
import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import type { ManifestHints } from './manifest-hints.ts'
import type { ScannedTable } from './scan-table.ts'

/** A family that the repaired database has. */
export interface FamilyInRepair {
  readonly id: number
  readonly name: string
  readonly comparator: Comparator
  readonly logNumber: number
}

/** How families of a database in repair are opened: as the caller says, else as they were last. */
export class FamilyHints {
  readonly #given: ResolvedDBOptions['columnFamilies']
  readonly #latest: Readonly<Record<string, ColumnFamilyOptions>>

  private constructor(
    given: ResolvedDBOptions['columnFamilies'],
    latest: Readonly<Record<string, ColumnFamilyOptions>>,
  ) {
    this.#given = given
    this.#latest = latest
  }

  /** An OPTIONS file that cannot be read says nothing. */
  static async read(
    fs: FileSystem,
    directory: string,
    given: ResolvedDBOptions['columnFamilies'],
  ): Promise<FamilyHints> {
    try {
      const { columnFamilies } = await loadLatestOptions(directory, { fileSystem: fs })
      return new FamilyHints(given, columnFamilies)
    } catch (error) {
      if (!isVarveError(error)) throw error
      return new FamilyHints(given, {})
    }
  }

  /** What the caller says of a family, over what it was opened with last. */
  optionsOf(name: string): ColumnFamilyOptions {
    const given = this.#given === '*' ? undefined : this.#given.get(name)
    return { ...this.#latest[name], ...given }
  }

  /** Order of a table's family; undefined leaves it to the name in the table. */
  orderOf(
    familyName: string,
    id: number | undefined,
    manifest: ManifestHints,
  ): Comparator | undefined {
    const name = (id === undefined ? undefined : manifest.families.get(id)?.name) ?? familyName
    return this.optionsOf(name).comparator
  }

  /**
   * The families of the MANIFEST when it is whole, else those that it and the tables speak of; by id.
   *
   * @throws UnsupportedError when the order of one is not known
   */
  familiesOf(manifest: ManifestHints, tables: readonly ScannedTable[]): FamilyInRepair[] {
    const found = new Map<number, FamilyInRepair>()
    const add = (id: number, name: string, order: string | undefined, logNumber: number): void => {
      if (found.has(id)) return
      const comparator =
        this.optionsOf(name).comparator ?? comparatorNamed(order ?? bytewiseComparator.name)
      if (comparator === undefined)
        throw new UnsupportedError(`comparator "${order}" of column family "${name}"`)
      found.set(id, { id, name, comparator, logNumber })
    }
    if (manifest.state !== undefined) {
      for (const { id, name, comparatorName, logNumber } of manifest.state.columnFamilies)
        add(id, name, comparatorName, logNumber)
    } else {
      for (const { id, name, comparatorName, logNumber, dropped } of manifest.families.values())
        if (!dropped) add(id, name, comparatorName, logNumber)
      for (const table of tables) {
        const id = familyIdOf(table, manifest)
        add(id, id === 0 ? 'default' : table.familyName || `family ${id}`, table.comparatorName, 0)
      }
    }
    add(0, 'default', undefined, 0)
    return [...found.values()].sort((a, b) => a.id - b.id)
  }
}

/** A table from outside does not know whose it is: the MANIFEST may. */
export function familyIdOf(table: ScannedTable, manifest: ManifestHints): number {
  return manifest.tables.get(table.file.number)?.family ?? table.familyId ?? 0
}
