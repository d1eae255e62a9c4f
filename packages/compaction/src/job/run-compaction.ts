import {
  encodeInternalKey,
  InternalKeyComparator,
  sequenceSentinel,
  trailerSizeBytes,
  userKeyOf,
  ValueType,
  type Comparator,
  type InternalIterator,
} from '@varve/base'
import { tableFileName, type FileMetadata } from '@varve/manifest'
import { FragmentedRangeTombstones, TableReader, type RangeTombstone } from '@varve/sst-format'

import { CompactionIterator } from '../iterator/compaction-iterator.ts'
import { LevelIterator } from '../iterator/level-iterator.ts'
import { MergingIterator } from '../iterator/merging-iterator.ts'
import { DeeperLevels } from './deeper-levels.ts'
import type { CompactionJobDescription, JobResult } from './job-description.ts'
import { Slicer, type JobEnvironment } from './job-environment.ts'
import { OutputCutter } from './output-cutter.ts'
import { survivingTombstones, tombstonesWithinFile } from './range-tombstones.ts'
import { TableWriter } from './table-writer.ts'

/** Inputs are read in pieces past the block cache, so large that those of all inputs come to this where they are many. */
const READAHEAD_TOTAL_BYTES = 1 << 20
const MIN_READAHEAD_BYTES = 64 * 1024
const MAX_READAHEAD_BYTES = 256 * 1024

/**
 * Merges the input tables into new tables of the output level, synced with their directory. Reads and writes files only;
 * the MANIFEST is the caller's affair, and so is deleting the inputs.
 *
 * On failure nothing stays behind on disk. @throws CorruptionError when an input is damaged
 */
export async function runCompaction(
  description: CompactionJobDescription,
  environment: JobEnvironment,
): Promise<JobResult> {
  const startMs = environment.clock.monotonicMs()
  const comparator = environment.comparator(description.comparatorName)
  const inputs = await openInputs(description, comparator, environment)
  try {
    const { mergeOperatorName, snapshots, bottommost } = description
    const fragmented = new FragmentedRangeTombstones(inputs.rangeTombstones, comparator)
    const deeper = new DeeperLevels(description.deeperLevels, comparator)
    using merged = inputs.iterator(new InternalKeyComparator(comparator))
    const iterator = new CompactionIterator(merged, {
      snapshots,
      rangeTombstones: fragmented,
      bottommost,
      keyNotBelow: (userKey) => !deeper.mayHold(userKey),
      mergeOperator:
        mergeOperatorName === undefined
          ? undefined
          : environment.mergeOperator?.(mergeOperatorName),
      filter: environment.compactionFilter,
      startLevel: description.inputs[0]?.level ?? 0,
    })
    const writer = new TableWriter(
      description,
      environment,
      comparator,
      survivingTombstones(fragmented, snapshots, bottommost),
      inputTimes(description, environment),
      { part: description.part, bottommost },
    )
    try {
      await writeOutputs(iterator, writer, description, comparator, environment)
    } catch (error) {
      await writer.abandon()
      throw error
    }
    return {
      outputs: writer.outputs.map((file) => ({ level: description.outputLevel, file })),
      stats: {
        entriesRead: iterator.entriesRead,
        entriesWritten: writer.entriesWritten,
        bytesRead: inputs.bytes,
        bytesWritten: writer.bytesWritten,
        durationMs: environment.clock.monotonicMs() - startMs,
      },
    }
  } finally {
    for (const reader of inputs.readers.values()) await reader.close()
  }
}

async function writeOutputs(
  iterator: CompactionIterator,
  writer: TableWriter,
  description: CompactionJobDescription,
  comparator: Comparator,
  environment: JobEnvironment,
): Promise<void> {
  const cutter = new OutputCutter(comparator, description)
  const slicer = new Slicer(environment, 'low')
  const isCut = description.outputLevel > 0
  const { begin, end } = description.part ?? {}
  let lastUserKey: Uint8Array = new Uint8Array(64)
  let lastLength = 0
  let isFirst = true
  if (begin === undefined) iterator.seekToFirst()
  else iterator.seek(encodeInternalKey(begin, sequenceSentinel, ValueType.RangeDeletion))
  for (; iterator.valid; iterator.next()) {
    const { key } = iterator
    if (isCut && (isFirst || !hasUserKey(key, lastUserKey, lastLength))) {
      if (end !== undefined && comparator.compare(userKeyOf(key), end) >= 0) break
      const sizeBytes = writer.currentSizeBytes
      if (
        cutter.mayCutAt(sizeBytes) &&
        cutter.shouldCutBefore(userKeyOf(key), sizeBytes) &&
        writer.canCut
      ) {
        await writer.cut(userKeyOf(key))
        cutter.restart()
      }
      lastLength = key.length - trailerSizeBytes
      if (lastUserKey.length < lastLength) lastUserKey = new Uint8Array(lastLength * 2)
      for (let i = 0; i < lastLength; i++) lastUserKey[i] = key[i]!
      isFirst = false
    }
    writer.add(iterator.key, iterator.value)
    if (slicer.due) await slicer.pause(writer.bytesWritten + writer.currentSizeBytes)
  }
  await writer.finish()
  await slicer.pay(writer.bytesWritten)
}

/** Whether the internal key is one of the user key in `userKey[0, length)`. */
function hasUserKey(key: Uint8Array, userKey: Uint8Array, length: number): boolean {
  if (key.length - trailerSizeBytes !== length) return false
  for (let i = length - 1; i >= 0; i--) if (key[i] !== userKey[i]) return false
  return true
}

/** The age of a table is that of its oldest data. */
function inputTimes(
  description: CompactionJobDescription,
  environment: JobEnvironment,
): { readonly oldestAncestorTimeS: number; readonly oldestKeyTimeS: number } {
  let oldest = Math.floor(environment.clock.now() / 1000)
  for (const { files } of description.inputs) {
    for (const { oldestAncestorTimeS = 0 } of files) {
      if (oldestAncestorTimeS > 0) oldest = Math.min(oldest, oldestAncestorTimeS)
    }
  }
  return { oldestAncestorTimeS: oldest, oldestKeyTimeS: oldest }
}

interface OpenInputs {
  readonly readers: ReadonlyMap<number, TableReader>
  readonly rangeTombstones: readonly RangeTombstone[]
  readonly bytes: number
  iterator(comparator: InternalKeyComparator): InternalIterator
}

async function openInputs(
  description: CompactionJobDescription,
  comparator: Comparator,
  environment: JobEnvironment,
): Promise<OpenInputs> {
  const readers = new Map<number, TableReader>()
  const rangeTombstones: RangeTombstone[] = []
  let bytes = 0
  try {
    for (const { files } of description.inputs) {
      for (const file of files) {
        const path = `${description.directory}/${tableFileName(file.number)}`
        const reader = await TableReader.open(environment.fs, path, {
          comparator,
          readFilters: false,
          ...(file.largestSequence === Number.MAX_SAFE_INTEGER
            ? {}
            : { largestSequence: file.largestSequence }),
        })
        readers.set(file.number, reader)
        bytes += file.fileSizeBytes
        rangeTombstones.push(...tombstonesWithinFile(reader.rangeTombstones, file, comparator))
      }
    }
  } catch (error) {
    for (const reader of readers.values()) await reader.close()
    throw error
  }
  const readaheadBytes = readaheadFor(description)
  const open = (file: FileMetadata): InternalIterator =>
    readers.get(file.number)!.iterator({
      fillCache: false,
      readaheadBytes,
      reuseBlocks: true,
    })
  return {
    readers,
    rangeTombstones,
    bytes,
    iterator(order) {
      const sources: InternalIterator[] = []
      for (const { level, files } of description.inputs) {
        if (level === 0) sources.push(...files.map(open))
        else if (files.length > 0) sources.push(new LevelIterator(files, order, open))
      }
      return sources.length === 1 ? sources[0]! : new MergingIterator(sources, order)
    },
  }
}

/** Of a level one table is read at a time. */
function readaheadFor({ inputs }: CompactionJobDescription): number {
  let sources = 0
  for (const { level, files } of inputs) sources += level === 0 ? files.length : 1
  const share = Math.floor(READAHEAD_TOTAL_BYTES / Math.max(1, sources))
  return Math.min(MAX_READAHEAD_BYTES, Math.max(MIN_READAHEAD_BYTES, share))
}
