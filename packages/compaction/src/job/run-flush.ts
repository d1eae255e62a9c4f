import type { InternalIterator } from '@varve/base'
import { FragmentedRangeTombstones, type RangeTombstone } from '@varve/sst-format'

import { CompactionIterator } from '../iterator/compaction-iterator.ts'
import type { FlushJobDescription, JobResult } from './job-description.ts'
import { Slicer, type JobEnvironment } from './job-environment.ts'
import { survivingTombstones } from './range-tombstones.ts'
import { TableWriter } from './table-writer.ts'

/** What a flush reads: the merged contents of one or more sealed memtables. */
export interface FlushInput {
  /** All entries in internal-key order. Closed by the job. */
  readonly entries: InternalIterator
  /** May overlap and come in any order. */
  readonly rangeTombstones: readonly RangeTombstone[]
}

/**
 * Writes memtable contents as one level-0 table, synced with its directory. Versions that no reader can see are left out;
 * tombstones stay. No table comes of nothing.
 *
 * On failure nothing stays behind on disk.
 */
export async function runFlush(
  description: FlushJobDescription,
  input: FlushInput,
  environment: JobEnvironment,
): Promise<JobResult> {
  const startMs = environment.clock.monotonicMs()
  const comparator = environment.comparator(description.comparatorName)
  const { mergeOperatorName, snapshots } = description
  const fragmented = new FragmentedRangeTombstones(input.rangeTombstones, comparator)
  using entries = input.entries
  const iterator = new CompactionIterator(entries, {
    snapshots,
    rangeTombstones: fragmented,
    bottommost: false,
    keyNotBelow: () => false,
    mergeOperator:
      mergeOperatorName === undefined ? undefined : environment.mergeOperator?.(mergeOperatorName),
  })
  const nowS = Math.floor(environment.clock.now() / 1000)
  const writer = new TableWriter(
    description,
    environment,
    comparator,
    survivingTombstones(fragmented, snapshots, false),
    { oldestAncestorTimeS: nowS, oldestKeyTimeS: description.oldestKeyTimeS ?? nowS },
    { part: undefined, bottommost: false },
  )
  const slicer = new Slicer(environment, 'high')
  try {
    for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
      writer.add(iterator.key, iterator.value)
      if (slicer.due) await slicer.pause(writer.currentSizeBytes)
    }
    await writer.finish()
    await slicer.pay(writer.bytesWritten)
  } catch (error) {
    await writer.abandon()
    throw error
  }
  return {
    outputs: writer.outputs.map((file) => ({ level: 0, file })),
    stats: {
      entriesRead: iterator.entriesRead,
      entriesWritten: writer.entriesWritten,
      bytesRead: 0,
      bytesWritten: writer.bytesWritten,
      durationMs: environment.clock.monotonicMs() - startMs,
    },
  }
}
