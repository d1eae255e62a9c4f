import type { Compaction, CompactionPicker, ManualRange, PickInput } from '@varve/compaction'
import type { Version } from '@varve/manifest'

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

function earliestMemtableSequence(family: ColumnFamily): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const { memtable } of [...family.immutables, family.active])
    if (!memtable.empty) earliest = Math.min(earliest, memtable.smallestSequence)
  return earliest
}

/** Smallest sequence number of a table that a snapshot may keep from being rewritten. */
function freeableSequence({ version, oldestSnapshot }: PickInput): number {
  let smallest = Number.POSITIVE_INFINITY
  if (oldestSnapshot === undefined) return smallest
  for (const { level, file } of version.files()) {
    if (level === 0 || file.largestSequence < oldestSnapshot) continue
    if ((file.deletions ?? 0) > 0 || file.keptForSnapshots === true)
      smallest = Math.min(smallest, file.largestSequence)
  }
  return smallest
}
