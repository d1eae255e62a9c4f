import type { Comparator } from '@varve/base'
import type { ColumnFamilyVersions, VersionSet } from '@varve/manifest'

import type { ColumnFamilyOptions } from '../options/column-family-options.ts'
import {
  resolveColumnFamilyOptions,
  type ResolvedColumnFamilyOptions,
  type ResolvedDBOptions,
} from '../options/resolve.ts'

/** Options by family name. */
export class FamilyOptions {
  readonly #options: ResolvedDBOptions

  constructor(options: ResolvedDBOptions) {
    this.#options = options
  }

  given(name: string): ColumnFamilyOptions {
    const { columnFamilies } = this.#options
    return columnFamilies === '*' ? {} : (columnFamilies.get(name) ?? {})
  }

  /** The options of a stored family; order and levels are the stored ones, which were checked against the given. */
  resolve({ name, comparator, current }: ColumnFamilyVersions): ResolvedColumnFamilyOptions {
    const numLevels = this.numLevelsOf(name) ?? current.levels.length
    return resolveColumnFamilyOptions({ ...this.given(name), comparator, numLevels }, this.#options)
  }

  /** Undefined leaves the order to the MANIFEST. */
  comparatorOf(name: string): Comparator | undefined {
    return this.given(name).comparator
  }

  /** Undefined leaves the levels to the MANIFEST. */
  numLevelsOf(name: string): number | undefined {
    return this.given(name).numLevels
  }

  /** Names that were asked for and are not stored. */
  missing(versions: VersionSet): string[] {
    const { columnFamilies } = this.#options
    if (columnFamilies === '*') return []
    return [...columnFamilies.keys()].filter(
      (name) => versions.columnFamilyNamed(name) === undefined,
    )
  }
}
