import { yieldToEventLoop } from '@varve/base'
import {
  decodeRecordBatch,
  filterRecordBatch,
  type BatchHeader,
  type DecodedRecord,
} from '@varve/kafka-protocol'
import type { WritableFile } from '@varve/vfs'

import { KeyOffsetMap } from './key-offset-map.ts'
import { segmentSuffixes } from './log-files.ts'
import { abortedTransactionsIn, openSegment } from './log-reader.ts'
import type { PartitionLog } from './partition-log.ts'
import { Segment } from './segment.ts'
import { scanSoundSegment } from './segment-scan.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/** A slice of work between two turns of the event loop. */
const SLICE_MS = 5

/** What one pass did. */
export interface CleanedLog {
  /** Records below this are compacted: where the next pass begins. */
  readonly cleanEndOffset: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/**
 * Compacts a log: of the sealed segments below the last stable offset, the newest record of each key stays, with its offset.
 *
 * - Tombstones stay for `delete.retention.ms` after their segment was first compacted, so that readers learn of the deletion.
 * - Records of aborted transactions go; markers stay.
 * - The last batch of a producer stays, empty if need be: its sequence is needed after a restart.
 * - The new segment is written as `.cleaned`, synced, renamed to `.swap`; then the old ones go and it takes its place. A crash leaves the old or the
 *   new ones.
 *
 * Readers go on meanwhile: the files of the old segments are held open until the new one is in place.
 */
export class LogCleaner {
  readonly #log: PartitionLog
  readonly #firstDirtyOffset: number
  #sliceEnd = 0

  constructor(log: PartitionLog, firstDirtyOffset: number) {
    this.#log = log
    this.#firstDirtyOffset = firstDirtyOffset
  }

  /** Whether enough has changed since the last pass. */
  isWorthwhile(): boolean {
    const { config } = this.#log
    const dirty = this.#cleanable().filter((segment) => !this.#isClean(segment))
    if (dirty.length === 0) return false
    const dirtyBytes = dirty.reduce((sum, segment) => sum + segment.sizeBytes, 0)
    const totalBytes = this.#cleanable().reduce((sum, segment) => sum + segment.sizeBytes, 0)
    const oldestMs = Math.min(...dirty.map((segment) => segment.createdMs))
    return (
      dirtyBytes / Math.max(totalBytes, 1) >= config.minCleanableDirtyRatio ||
      this.#log.environment.clock.now() - oldestMs > config.maxCompactionLagMs
    )
  }

  /** Runs one pass; `undefined` when nothing can be compacted. */
  async clean(): Promise<CleanedLog | undefined> {
    const segments = this.#cleanable()
    const end = segments.at(-1)
    if (end === undefined || segments.every((segment) => this.#isClean(segment))) return undefined
    this.#sliceEnd = performance.now() + SLICE_MS
    const map = new KeyOffsetMap()
    const mapEnd = await this.#buildMap(segments, map)
    const bytesBefore = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
    let bytesAfter = 0
    for (const group of groupsOf(segments, this.#log.config.segmentBytes)) {
      // Deleted or cut by retention meanwhile: the next pass sees what is left.
      if (this.#log.failure !== undefined || !this.#holds(group)) break
      bytesAfter += await this.#rewrite(group, map, mapEnd)
    }
    return { cleanEndOffset: mapEnd, bytesBefore, bytesAfter }
  }

  /** Sealed segments without an open transaction, old enough. */
  #cleanable(): Segment[] {
    const { config, environment } = this.#log
    const stable = this.#log.lastStableOffset
    const youngestMs = environment.clock.now() - config.minCompactionLagMs
    const found: Segment[] = []
    for (const [i, segment] of this.#log.segments.entries()) {
      const next = this.#log.segments[i + 1]
      if (next === undefined || next.baseOffset > stable) break
      if (config.minCompactionLagMs > 0 && segment.maxTimestamp > youngestMs) break
      found.push(segment)
    }
    return found
  }

  /** Whether a pass has seen all of the segment. */
  #isClean(segment: Segment): boolean {
    const next = this.#log.segments[this.#log.segments.indexOf(segment) + 1]
    return next !== undefined && next.baseOffset <= this.#firstDirtyOffset
  }

  #holds(group: readonly Segment[]): boolean {
    return group.every((segment) => this.#log.segments.includes(segment))
  }

  /** Fills the map from the dirty segments; answers the offset up to which it knows every key. */
  async #buildMap(segments: readonly Segment[], map: KeyOffsetMap): Promise<number> {
    let end = this.#firstDirtyOffset
    for (const segment of segments) {
      if (this.#isClean(segment)) continue
      const file = openSegment(this.#log, segment)
      const aborted = this.#abortedIn(segment)
      for (const { header, chunk, start } of scanSoundSegment(file, 0, segment.sizeBytes)) {
        if (header.lastOffset < this.#firstDirtyOffset) continue
        if (map.isFull) return header.baseOffset
        if (!header.isControl && !isAborted(header, aborted)) {
          const cursor = decodeRecordBatch(chunk, start).cursor()
          while (cursor.next()) {
            const key = cursor.key()
            if (key !== null) map.put(key, cursor.offset)
          }
        }
        end = header.lastOffset + 1
        await this.#pause(segment)
      }
    }
    return end
  }

  #abortedIn(segment: Segment): AbortedTransaction[] {
    const i = this.#log.segments.indexOf(segment)
    const end = this.#log.segments[i + 1]?.baseOffset ?? this.#log.logEndOffset
    return abortedTransactionsIn(this.#log, segment.baseOffset, end)
  }

  async #rewrite(group: readonly Segment[], map: KeyOffsetMap, mapEnd: number): Promise<number> {
    const log = this.#log
    const { fileSystem, files } = log.environment
    const first = group[0]!
    const cleaned = new Segment(first.directory, first.baseOffset, log.environment.clock.now())
    const cleanedPath = `${cleaned.logPath}.cleaned`
    const swapPath = `${cleaned.logPath}.swap`
    const target = await fileSystem.openWritable(cleanedPath)
    try {
      for (const segment of group) await this.#copyKept(segment, cleaned, target, map, mapEnd)
      await target.sync()
    } finally {
      await target.close()
    }
    cleaned.aborted = group.flatMap((segment) => segment.aborted)
    cleaned.tombstonesSinceMs = this.#tombstonesSince(group)
    if (!this.#holds(group)) {
      await fileSystem.remove(cleanedPath)
      return 0
    }
    await fileSystem.rename(cleanedPath, swapPath)
    await fileSystem.syncDirectory(first.directory)
    for (const segment of group) files.holdReader(segment.logPath)
    log.detachSegments(group)
    for (const segment of group.slice(1)) {
      for (const suffix of segmentSuffixes) {
        const path = segment.path(suffix)
        // The log's own handle is held for readers.
        if (suffix !== '.log') files.forget(path)
        if (await fileSystem.exists(path)) await fileSystem.remove(path)
      }
    }
    // The names must go in this order on disk too: the new segment beside an old one that it covers would look damaged.
    await fileSystem.syncDirectory(first.directory)
    await fileSystem.rename(swapPath, cleaned.logPath)
    // From here to the end of the turn: readers change from the old files to the new one.
    for (const segment of group) files.forget(segment.logPath)
    log.replaceSegments(group, [cleaned])
    await log.flush()
    return cleaned.sizeBytes
  }

  /** When the group's tombstones were first seen by a pass: now for a dirty segment. */
  #tombstonesSince(group: readonly Segment[]): number {
    const now = this.#log.environment.clock.now()
    return Math.max(
      ...group.map((segment) =>
        this.#isClean(segment) ? (segment.tombstonesSinceMs ?? segment.createdMs) : now,
      ),
    )
  }

  async #copyKept(
    segment: Segment,
    cleaned: Segment,
    target: WritableFile,
    map: KeyOffsetMap,
    mapEnd: number,
  ): Promise<void> {
    const { config, environment, producers } = this.#log
    const since = segment.tombstonesSinceMs ?? segment.createdMs
    const dropTombstones =
      this.#isClean(segment) && environment.clock.now() - since > config.deleteRetentionMs
    const aborted = this.#abortedIn(segment)
    const keep = (record: DecodedRecord): boolean => {
      if (record.offset >= mapEnd || record.key === null) return true
      if (map.hasNewer(record.key, record.offset)) return false
      return record.value !== null || !dropTombstones
    }
    const file = openSegment(this.#log, segment)
    for (const { header, chunk, start } of scanSoundSegment(file, 0, segment.sizeBytes, true)) {
      const whole = chunk.subarray(start, start + header.sizeBytes)
      const gone = !header.isControl && header.baseOffset < mapEnd && isAborted(header, aborted)
      const filtered = header.isControl
        ? { bytes: whole, kept: 1 }
        : filterRecordBatch(chunk, start, gone ? () => false : keep)
      const holdsSequence =
        header.producerId >= 0 && producers.lastOffsetOf(header.producerId) === header.lastOffset
      if (filtered.kept > 0 || holdsSequence) {
        target.appendSync(filtered.bytes)
        const sizeBytes = filtered.bytes.length
        cleaned.noteBatch({ ...header, sizeBytes }, config.indexIntervalBytes)
      }
      await this.#pause(segment)
    }
  }

  /** Lets the event loop turn when the slice is used up; the handle is kept, as others use the pool meanwhile. */
  async #pause(segment: Segment): Promise<void> {
    if (performance.now() < this.#sliceEnd) return
    const { files } = this.#log.environment
    files.holdReader(segment.logPath)
    try {
      await yieldToEventLoop()
    } finally {
      files.releaseReader(segment.logPath)
    }
    this.#sliceEnd = performance.now() + SLICE_MS
  }
}

function isAborted(header: BatchHeader, aborted: readonly AbortedTransaction[]): boolean {
  return (
    header.isTransactional &&
    aborted.some(
      (entry) =>
        entry.producerId === header.producerId &&
        entry.firstOffset <= header.baseOffset &&
        header.lastOffset <= entry.lastOffset,
    )
  )
}

/** Neighbours that fit into one segment together are compacted into one. Pure. */
function groupsOf(segments: readonly Segment[], segmentBytes: number): Segment[][] {
  const groups: Segment[][] = []
  let group: Segment[] = []
  let bytes = 0
  for (const segment of segments) {
    const tooFar = group.length > 0 && segment.baseOffset - group[0]!.baseOffset > 0x3fffffff
    if (group.length > 0 && (bytes + segment.sizeBytes > segmentBytes || tooFar)) {
      groups.push(group)
      group = []
      bytes = 0
    }
    group.push(segment)
    bytes += segment.sizeBytes
  }
  if (group.length > 0) groups.push(group)
  return groups
}
