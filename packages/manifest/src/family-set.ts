import {
  assert,
  bytewiseComparator,
  comparatorNamed,
  CorruptionError,
  InvalidOptionError,
  type Comparator,
} from '@varve/base'

import type { ColumnFamilyVersions } from './column-family-versions.ts'
import { resolveComparator } from './family-comparator.ts'
import type { FileMetadata } from './file-metadata.ts'
import { manifestFileName } from './file-names.ts'
import { LiveFiles } from './live-files.ts'
import type { ManifestState } from './manifest-state.ts'
import { applyEdits } from './version-builder.ts'
import type { VersionEdit } from './version-edit.ts'
import { sortLevels, Version } from './version.ts'

/** Tables by level. */
type Levels = readonly (readonly FileMetadata[])[]

interface Family extends ColumnFamilyVersions {
  logNumber: number
  current: Version
  readonly compactCursors: Map<number, Uint8Array>
}

/** What a family that is about to be added will be like; its edit does not say. */
interface FamilyShape {
  readonly comparator: Comparator
  readonly numLevels: number
}

/** RocksDB's number of levels. */
const defaultNumLevels = 7

/** The column families of a database with their versions, in memory: what edits do to them, whether or not a file has them yet. */
export class FamilySet {
  /** Tables of all versions that somebody holds. */
  readonly live: LiveFiles = new LiveFiles()
  readonly #numLevels: (familyName: string) => number | undefined
  readonly #families = new Map<number, Family>()
  /** Of families that are being added, by id. */
  readonly #pending = new Map<number, FamilyShape>()

  constructor(numLevels: (familyName: string) => number | undefined) {
    this.#numLevels = numLevels
  }

  /** Families by id. */
  get all(): ReadonlyMap<number, ColumnFamilyVersions> {
    return this.#families
  }

  /** A family by id. @throws AssertionError when there is none */
  get(id: number): ColumnFamilyVersions {
    return this.#family(id)
  }

  /** Number of levels of a family of that name, unless it is added with another. */
  numLevels(name: string): number {
    return this.#numLevels(name) ?? defaultNumLevels
  }

  /**
   * Takes the families of a MANIFEST.
   *
   * @throws CorruptionError when levels overlap
   * @throws InvalidOptionError when a family has tables below the levels it is said to have, or another order than the wanted one
   */
  restore(
    state: ManifestState,
    directory: string,
    wanted: ((familyName: string) => Comparator | undefined) | undefined,
  ): void {
    const file = `${directory}/${manifestFileName(state.manifestFileNumber)}`
    for (const stored of state.columnFamilies) {
      const comparator = resolveComparator(
        stored.name,
        stored.comparatorName,
        wanted?.(stored.name),
        directory,
      )
      const numLevels =
        this.#numLevels(stored.name) ?? Math.max(defaultNumLevels, stored.levels.length)
      if (stored.levels.length > numLevels) {
        throw new InvalidOptionError(
          'numLevels',
          `column family "${stored.name}" has tables in level ${stored.levels.length - 1}`,
        )
      }
      const levels = Array.from({ length: numLevels }, (_, i) => stored.levels[i] ?? [])
      this.#families.set(stored.id, {
        id: stored.id,
        name: stored.name,
        comparator,
        logNumber: stored.logNumber,
        current: this.#newVersion(comparator, sortLevels(comparator, levels, file)),
        compactCursors: new Map(stored.compactCursors),
      })
    }
  }

  /** Says what the family will be like that an edit with this id adds. */
  expect(id: number, shape: FamilyShape): void {
    this.#pending.set(id, shape)
  }

  /** The edit of {@link expect} was made, or will not be. */
  stopExpecting(id: number): void {
    this.#pending.delete(id)
  }

  /**
   * The levels of the families whose tables the edits change, as they will be afterwards.
   *
   * @throws CorruptionError when the edits do not fit the families; nothing is changed
   */
  levelsAfter(edits: readonly VersionEdit[]): ReadonlyMap<number, Levels> {
    const levels = new Map<number, Levels>()
    for (const [id, group] of byFamily(edits)) {
      const added = group.some((edit) => edit.addColumnFamily !== undefined)
      const family = this.#families.get(id)
      if (added && family !== undefined) {
        throw new CorruptionError(`column family ${id} exists already`)
      }
      if (!added && family === undefined) throw new CorruptionError(`no column family ${id}`)
      const hasFiles = group.some(
        (edit) => edit.newFiles !== undefined || edit.deletedFiles !== undefined,
      )
      if (!hasFiles) continue
      if (family === undefined) {
        throw new CorruptionError('tables of a new column family come in an edit of their own')
      }
      levels.set(id, applyEdits(family.current, family.comparator, group))
    }
    return levels
  }

  /** Does what the edit says but for its tables, which {@link installLevels} has. */
  apply(edit: VersionEdit): void {
    const id = edit.columnFamily ?? 0
    if (edit.addColumnFamily !== undefined) this.#add(id, edit.addColumnFamily, edit)
    const family = this.#family(id)
    if (edit.logNumber !== undefined) {
      family.logNumber = Math.max(family.logNumber, edit.logNumber)
    }
    for (const { level, key } of edit.compactCursors ?? []) family.compactCursors.set(level, key)
    if (edit.dropColumnFamily === true) {
      this.#families.delete(id)
      family.current.unref()
    }
  }

  /** Makes the levels of {@link levelsAfter} the present versions. */
  installLevels(levels: ReadonlyMap<number, Levels>): void {
    for (const [id, tables] of levels) {
      const family = this.#families.get(id)
      if (family === undefined) continue
      const previous = family.current
      family.current = this.#newVersion(family.comparator, tables)
      previous.unref()
    }
  }

  #add(id: number, name: string, edit: VersionEdit): void {
    const comparator = comparatorNamed(edit.comparatorName ?? bytewiseComparator.name)
    assert(comparator !== undefined || this.#pending.has(id), 'a new family has an order')
    const pending = this.#pending.get(id)
    const order = pending?.comparator ?? comparator!
    const numLevels = pending?.numLevels ?? this.numLevels(name)
    this.#pending.delete(id)
    this.#families.set(id, {
      id,
      name,
      comparator: order,
      logNumber: edit.logNumber ?? 0,
      current: this.#newVersion(
        order,
        Array.from({ length: numLevels }, () => []),
      ),
      compactCursors: new Map(),
    })
  }

  #newVersion(comparator: Comparator, levels: Levels): Version {
    const version = new Version(comparator, levels, (unused) => this.live.remove(unused))
    this.live.add(version)
    return version.ref()
  }

  #family(id: number): Family {
    const family = this.#families.get(id)
    assert(family !== undefined, `column family ${id} exists`)
    return family
  }
}

function byFamily(edits: readonly VersionEdit[]): Map<number, VersionEdit[]> {
  const groups = new Map<number, VersionEdit[]>()
  for (const edit of edits) {
    const id = edit.columnFamily ?? 0
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [edit])
    else group.push(edit)
  }
  return groups
}
