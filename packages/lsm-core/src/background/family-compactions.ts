import { join } from 'node:path'

import { userKeyOf } from '@varve/base'
import type { Compaction, CompactionPicker, ManualRange, PickInput } from '@varve/compaction'
import { tableFileName, type Version } from '@varve/manifest'
import { TableReader } from '@varve/sst-format'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { BackgroundTarget } from './background-target.ts'
import { CompactionStats } from './compaction-stats.ts'
import { RunningCompactions } from './running-compactions.ts'

/** When the last look found nothing to do, and what would change that. */
interface Idle {
  readonly picker: CompactionPicker
  readonly version: Version
  readonly generation: number
  /** A snapshot that ended may matter from here on. */
  readonly freeableSequence: number
  /** Unix seconds. */
  readonly atS: number
}

/** Opening a table takes time: so many are looked into after opening a database. */
const maxTablesLookedInto = 20

/** Tables become old slowly: how often they are looked at for nothing but their age. */
const ageCheckS = 60

/** The compactions of one family: which run, which is due next. */
export class FamilyCompactions {
  readonly family: ColumnFamily
  readonly running: RunningCompactions = new RunningCompactions()
  readonly stats: CompactionStats
  readonly #db: BackgroundTarget
  /** Tables that the user suggested for compaction. */
  #marked: ReadonlySet<number> = new Set()
  #idle: Idle | undefined
  /** Of tables that were there when the database was opened. */
  readonly #deletions = new Map<number, number>()

  constructor(db: BackgroundTarget, family: ColumnFamily) {
    this.#db = db
    this.family = family
    this.stats = new CompactionStats(family.superVersion.version.levels.length)
  }

  /** What the picker is asked with. */
  get pickInput(): PickInput {
    const { versions, snapshots, options } = this.#db
    const { family, running } = this
    const stored = versions.columnFamily(family.id)
    const oldestSnapshot = snapshots.sequences()[0]
    return {
      version: stored.current,
      filesInCompaction: running.files,
      runningOutputs: running.outputs,
      compactCursors: stored.compactCursors,
      markedFiles: this.#marked,
      deletionsOf: this.#deletions,
      nowS: Math.floor(options.clock.now() / 1000),
      earliestMemtableSequence: earliestMemtableSequence(family),
      ...(oldestSnapshot === undefined ? {} : { oldestSnapshot }),
    }
  }

  /** Whether something may be due. Cheap when nothing has changed since it was not. */
  get mayBeDue(): boolean {
    const idle = this.#idle
    if (idle === undefined) return true
    const { versions, snapshots, options } = this.#db
    if (
      idle.picker !== this.family.compactionPicker ||
      idle.version !== versions.columnFamily(this.family.id).current ||
      idle.generation !== this.running.generation
    )
      return true
    if (Math.floor(options.clock.now() / 1000) - idle.atS >= ageCheckS) return true
    return idle.freeableSequence < (snapshots.sequences()[0] ?? Number.POSITIVE_INFINITY)
  }

  /** How urgent the most urgent compaction is. */
  get score(): number {
    return this.family.compactionPicker.scores(this.pickInput)[0]?.score ?? 0
  }

  /** The next compaction, if one is due and can run. */
  pick(): Compaction | undefined {
    const input = this.pickInput
    const compaction = this.family.compactionPicker.pick(input)
    if (compaction === undefined) {
      this.#idle = {
        picker: this.family.compactionPicker,
        version: input.version,
        generation: this.running.generation,
        freeableSequence: freeableSequence(input),
        atS: input.nowS!,
      }
    }
    return compaction
  }

  /** Looks into tables that an earlier process has left: what only its snapshots kept can go. */
  async lookIntoTables(signal: AbortSignal): Promise<void> {
    const { versions, options, directory, infoLog } = this.#db
    const version = versions.columnFamily(this.family.id).current.ref()
    try {
      for (const number of tablesToLookInto(version)) {
        if (signal.aborted || this.family.dropped) return
        const path = join(directory, tableFileName(number))
        await using reader = await TableReader.open(options.fileSystem, path, {
          comparator: this.family.options.comparator,
        })
        const { deletedKeys, rangeDeletions } = reader.properties
        this.#deletions.set(number, Math.max(deletedKeys, rangeDeletions))
      }
    } catch (error) {
      // Whoever reads the table finds out and says so; here it was looked at for nothing but its age.
      infoLog.write(`cannot look into tables of "${this.family.name}": ${String(error)}`)
    } finally {
      version.unref()
      this.#idle = undefined
    }
  }

  /** Marks the tables of a range, all but those of the deepest level with tables. */
  suggest(range: ManualRange): void {
    const { current } = this.#db.versions.columnFamily(this.family.id)
    const last = current.levels.findLastIndex((files) => files.length > 0)
    const live = new Set([...current.files()].map(({ file }) => file.number))
    const marked = [...this.#marked].filter((number) => live.has(number))
    for (let level = 0; level < last; level++)
      for (const file of current.overlappingFiles(level, range.begin, range.end))
        marked.push(file.number)
    this.#marked = new Set(marked)
    this.#idle = undefined
  }
}

/** Tables with nothing below them whose sequence numbers were kept, the first few. */
function tablesToLookInto(version: Version): number[] {
  const numbers: number[] = []
  for (const { level, file } of version.files()) {
    if (numbers.length >= maxTablesLookedInto) break
    if (level === 0 || file.largestSequence === 0 || file.deletions !== undefined) continue
    const [smallest, largest] = [userKeyOf(file.smallest), userKeyOf(file.largest)]
    const isAbove = version.levels.some(
      (_, below) => below > level && version.overlappingFiles(below, smallest, largest).length > 0,
    )
    if (!isAbove) numbers.push(file.number)
  }
  return numbers
}

function earliestMemtableSequence(family: ColumnFamily): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const { memtable } of [...family.immutables, family.active])
    if (!memtable.empty) earliest = Math.min(earliest, memtable.smallestSequence)
  return earliest
}

/** Smallest sequence number of a table that a snapshot may keep from being rewritten. */
function freeableSequence({ version, oldestSnapshot, deletionsOf }: PickInput): number {
  let smallest = Number.POSITIVE_INFINITY
  if (oldestSnapshot === undefined) return smallest
  for (const { level, file } of version.files()) {
    if (level === 0 || file.largestSequence < oldestSnapshot) continue
    const deletions = file.deletions ?? deletionsOf?.get(file.number) ?? 0
    if (deletions > 0 || file.keptForSnapshots === true)
      smallest = Math.min(smallest, file.largestSequence)
  }
  return smallest
}
