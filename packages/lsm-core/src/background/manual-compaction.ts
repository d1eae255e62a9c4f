import { toBytes } from '@varve/base'
import type { Compaction, ManualRange, ManualStep, PickInput } from '@varve/compaction'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { Bytes } from '../db/bytes.ts'
import type { ColumnFamilyHandle } from '../db/handles.ts'

/** What becomes of the deepest level when a range is compacted, whose tables have no level to go down to. */
export type BottommostLevelCompaction =
  /** Left as it is. */
  | 'skip'
  /** Rewritten when there is a compaction filter (or a time to live). */
  | 'ifHaveCompactionFilter'
  /** Rewritten. */
  | 'force'
  /** Rewritten but for what this very compaction has written there. */
  | 'forceOptimized'

/** How a range is compacted. */
export interface ManualCompactionOptions {
  /** Let no other compaction of the database run meanwhile. Default true. */
  readonly exclusiveManualCompaction?: boolean
  /** Default `ifHaveCompactionFilter`. */
  readonly bottommostLevelCompaction?: BottommostLevelCompaction
  /** Move the result to another level afterwards: `targetLevel`, or the highest that can take it. Default false. */
  readonly changeLevel?: boolean
  /** Default: the highest level from which on all down to the result are empty. */
  readonly targetLevel?: number
}

/** A range of keys of a family; what is absent is open. */
export interface InclusiveRange {
  /** Both inclusive; absent = from the first / to the last key. */
  readonly begin?: Bytes | undefined
  readonly end?: Bytes | undefined
}

/** Which part of a family {@link DB.compactRange} rewrites, and how. */
export interface CompactRangeOptions extends InclusiveRange, ManualCompactionOptions {
  readonly cf?: ColumnFamilyHandle | undefined
}

/** The range as pickers take it. */
export function manualRange({ begin, end }: InclusiveRange): ManualRange {
  return {
    ...(begin === undefined ? {} : { begin: toBytes(begin) }),
    ...(end === undefined ? {} : { end: toBytes(end) }),
  }
}

/** What a manual compaction asks of its surroundings. */
export interface ManualCompactionHost {
  readonly family: ColumnFamily
  pickInput(): PickInput
  /** The database stops, or the family is gone. */
  readonly ended: boolean
  nextFileNumber(): number
  /** Runs it to its end, and marks it as running meanwhile. */
  run(compaction: Compaction): Promise<void>
  /** Resolves when a compaction of the database has ended; false when none runs. */
  waitForOther(): Promise<boolean>
}

/**
 * Compacts a range level by level down to the deepest that has tables of it; returns that level, `undefined` when there is
 * nothing. Source: RocksDB, CompactRange.
 */
export async function compactRangeByHand(
  host: ManualCompactionHost,
  range: ManualRange,
  bottommost: BottommostLevelCompaction,
): Promise<number | undefined> {
  const { family } = host
  const { compactionPicker: picker } = family
  if (host.ended) return undefined
  const levels = picker.manualLevels(host.pickInput().version, range)
  if (levels === undefined) return undefined
  const firstNumber = host.nextFileNumber()
  const isForced = bottommost === 'force' || bottommost === 'forceOptimized'
  const hasFilter =
    family.options.compactionFilter !== undefined || (family.options.ttlSeconds ?? 0) > 0
  if (levels.together !== undefined) {
    await runStep(host, {
      range,
      level: levels.first,
      outputLevel: levels.together,
      forbidsMove: isForced || hasFilter,
      beforeFileNumber: firstNumber,
    })
    return levels.together
  }
  let deepest = levels.last
  for (let level = levels.first; level <= levels.last; level++) {
    const isBottom = level === levels.last && level > 0
    if (isBottom) {
      if (!isForced && !(bottommost === 'ifHaveCompactionFilter' && hasFilter)) break
      const beforeFileNumber = bottommost === 'forceOptimized' ? firstNumber : host.nextFileNumber()
      const step = { range, level, outputLevel: level, forbidsMove: true, beforeFileNumber }
      await runStep(host, step)
      break
    }
    const outputLevel = await runStep(host, {
      range,
      level,
      outputLevel: level === 0 ? 'base' : level + 1,
      forbidsMove: hasFilter || (isForced && level === levels.last),
      // What is flushed meanwhile is not of this range of time.
      ...(level === 0 ? { beforeFileNumber: firstNumber } : {}),
    })
    deepest = Math.max(deepest, outputLevel ?? 0)
  }
  return deepest
}

/** Runs a step part by part; returns the level that it wrote to. */
async function runStep(host: ManualCompactionHost, step: ManualStep): Promise<number | undefined> {
  let outputLevel: number | undefined
  while (!host.ended) {
    const compaction = host.family.compactionPicker.pickManual(host.pickInput(), step)
    if (compaction === undefined) break
    if (compaction === 'busy') {
      if (!(await host.waitForOther())) break
      continue
    }
    outputLevel = compaction.outputLevel
    await host.run(compaction)
  }
  return outputLevel
}
