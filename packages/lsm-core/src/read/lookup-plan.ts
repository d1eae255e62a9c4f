import { bytewiseComparator, CorruptionError } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'
import type { FilterProbe, LookupParts, TableReader } from '@varve/sst-format'

import { LevelHeads } from './level-heads.ts'
import type { LookupEnvironment } from './point-lookup.ts'
import { seekKey } from './seek-key.ts'

/** A bit of a number for each table that is asked. */
const maxTables = 31

/** What a look-up needs of a table whose filter is asked by hash, and which has no range tombstones. */
interface PlannedTable {
  readonly reader: TableReader
  readonly filter: NonNullable<LookupParts['filter']>
}

/** A level that is sorted. */
interface PlannedLevel {
  readonly level: number
  readonly files: readonly FileMetadata[]
  readonly heads: LevelHeads
  /** Of `files`, those that were asked for. */
  readonly tables: (PlannedTable | undefined)[]
}

/** By sorted level, the table that the key of this moment would be in. */
const asked: (PlannedTable | undefined)[] = new Array<PlannedTable | undefined>(maxTables).fill(
  undefined,
)

/** The {@link LookupPlan} of a family's current version. */
export class LookupPlans {
  #plan: LookupPlan | undefined

  /** Hot. The plan for a version; undefined when a look-up must go table by table. */
  of(version: Version, env: LookupEnvironment): LookupPlan | undefined {
    let plan = this.#plan
    if (plan === undefined || !plan.isFor(version, env)) {
      // It would keep the memory of tables that are closed.
      this.#plan = undefined
      if (env.tables.isFull) return undefined
      plan = this.#plan = new LookupPlan(version, env)
    }
    return plan.isUsable ? plan : undefined
  }

  /** There will be another version: lets go of the tables. */
  forget(): void {
    this.#plan = undefined
    asked.fill(undefined)
  }
}

/**
 * The tables of a version as the look-up of one key goes through them: open, in flat lists, with all filters asked at once.
 *
 * Good while no table closes. There is none where a look-up needs more than hash, filters and one index a table: orders other than that
 * of bytes, range tombstones, filters by prefix or in parts, none at all; nor where tables close for others to open.
 */
export class LookupPlan {
  readonly isUsable: boolean
  readonly #closings: number
  readonly #env: LookupEnvironment
  readonly #version: Version
  readonly #level0: PlannedTable[] = []
  readonly #levels: PlannedLevel[] = []

  constructor(version: Version, env: LookupEnvironment) {
    this.#env = env
    this.#version = version
    this.isUsable = this.#plan()
    // Opening the tables may have closed some.
    this.#closings = env.tables.closings
  }

  /** Whether it is the one for `version`, and still good. */
  isFor(version: Version, env: LookupEnvironment): boolean {
    return this.#version === version && this.#closings === env.tables.closings
  }

  /**
   * Hot. Which tables may have the key that `probe` is for, as bits for {@link reader}, the lowest for the newest. What filters read is on
   * its way from memory for all of them at the same time, because nothing depends on the answer of one. Below 0 when the look-up
   * must go table by table.
   */
  tablesOf(userKey: Uint8Array, snapshot: number, probe: FilterProbe): number {
    const level0 = this.#level0
    const levels = this.#levels
    const level0Count = level0.length
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!
      let place = level.heads.find(userKey)
      if (place < 0) place = this.#version.findFile(level.level, seekKey(userKey, snapshot))
      let table: PlannedTable | undefined
      if (place < level.files.length) {
        table = level.tables[place] ?? this.#open(level, place)
        if (table === undefined) return -1
      }
      asked[i] = table
    }
    let bits = 0
    for (let i = 0; i < level0Count; i++) bits |= probe.passes(level0[i]!.filter) << i
    for (let i = 0; i < levels.length; i++) {
      const table = asked[i]
      if (table !== undefined) bits |= probe.passes(table.filter) << (level0Count + i)
    }
    return bits
  }

  /** Hot. The table of bit `i` of {@link tablesOf}, for the key that was asked for last. */
  reader(i: number): TableReader {
    const level0 = this.#level0
    return (i < level0.length ? level0[i]! : asked[i - level0.length]!).reader
  }

  #plan(): boolean {
    const { comparator, tables } = this.#env
    if (comparator.user !== bytewiseComparator) return false
    const { levels } = this.#version
    for (let level = 0; level < levels.length; level++) {
      const files = levels[level]!
      if (files.length === 0) continue
      const more = level === 0 ? files.length : 1
      if (this.#level0.length + this.#levels.length + more > maxTables) return false
      if (level > 0) {
        const opened = new Array<PlannedTable | undefined>(files.length).fill(undefined)
        this.#levels.push({ level, files, heads: new LevelHeads(files), tables: opened })
        continue
      }
      for (const file of files) {
        const table = planTable(file, this.#env)
        if (table === undefined || tables.isFull) return false
        this.#level0.push(table)
      }
    }
    return true
  }

  #open(level: PlannedLevel, place: number): PlannedTable | undefined {
    const table = planTable(level.files[place]!, this.#env)
    // One that was opened may have closed another one.
    if (table === undefined || this.#closings !== this.#env.tables.closings) return undefined
    level.tables[place] = table
    return table
  }
}

/** Undefined when the table needs to be looked at by itself. */
function planTable(file: FileMetadata, env: LookupEnvironment): PlannedTable | undefined {
  try {
    const { reader, rangeTombstones } = env.tables.open(file, env.comparator.user)
    const filter = reader.lookupParts?.filter
    return filter === undefined || rangeTombstones !== undefined ? undefined : { reader, filter }
  } catch (error) {
    // A look-up meets the damage when it comes to the table, and not when it finds the key above.
    if (error instanceof CorruptionError) return undefined
    throw error
  }
}
