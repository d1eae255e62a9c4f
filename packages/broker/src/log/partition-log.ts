import { CorruptionError } from '@varve/base'
import {
  encodeControlBatch,
  ErrorCode,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchLogAppendTime,
  type BatchHeader,
} from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import { validateBatches, type IncomingBatch } from './append-validation.ts'
import { DurableTail } from './durable-tail.ts'
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import { segmentPath, segmentSuffixes } from './log-files.ts'
import { OFFSET_INDEX_ENTRY_BYTES } from './offset-index.ts'
import type { ProducerStateTable } from './producer-state.ts'
import { encodeProducerSnapshot } from './producer-snapshot.ts'
import { Segment, writeSmallFile } from './segment.ts'
import { TIME_INDEX_ENTRY_BYTES } from './time-index.ts'
import { noteMarker, type MarkerToAppend } from './transaction-marker.ts'

/** Epoch of the leader that every batch is stamped with: a single node never loses leadership. */
export const LEADER_EPOCH = 0

/** Where appended batches came to lie. */
export interface AppendResult {
  /** Offset of the first record; of the known batch for a duplicate. */
  readonly baseOffset: number
  /** -1 unless the topic stamps records itself. */
  readonly logAppendTimeMs: number
}

/** Told synchronously of every append: bytes written and whether the last stable offset moved. */
export type AppendListener = (log: PartitionLog, appendedBytes: number) => void

/** Parts from which {@link PartitionLog} begins; made by the loader. @internal */
export interface LogParts {
  readonly topic: string
  readonly partition: number
  readonly directory: string
  readonly config: LogConfig
  /** Ordered by base offset, never empty; the last is the active one. */
  readonly segments: Segment[]
  readonly producers: ProducerStateTable
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Everything below is known to be on disk. */
  readonly recoveryPoint: number
  /** The index files and the producer snapshot on disk are those of this very state: nothing is to be written at close. */
  readonly untouched: boolean
}

/**
 * The log of one partition.
 *
 * Appends are synchronous: bytes are handed to the kernel by one call before the offsets are visible to anybody, so what was
 * acknowledged survives the death of the process and readers never see half an append. On one node the high watermark is the log end.
 *
 * After a failed write or sync the partition takes no more appends until the broker is opened again: what lies on the disk behind the
 * last good batch is unknown, and recovery is what finds out.
 */
export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly directory: string
  readonly segments: Segment[]
  readonly producers: ProducerStateTable
  readonly listeners: Set<AppendListener> = new Set()
  /** Records below this went through compaction. */
  cleanOffset = 0
  #config: LogConfig
  #logStartOffset: number
  #logEndOffset: number
  #recoveryPoint: number
  #failure: Error | undefined
  #closed = false
  #untouched: boolean
  readonly #environment: LogEnvironment
  readonly #tail: DurableTail

  constructor(parts: LogParts, environment: LogEnvironment) {
    this.topic = parts.topic
    this.partition = parts.partition
    this.directory = parts.directory
    this.segments = parts.segments
    this.producers = parts.producers
    this.#config = parts.config
    this.#logStartOffset = parts.logStartOffset
    this.#logEndOffset = parts.logEndOffset
    this.#recoveryPoint = parts.recoveryPoint
    this.#untouched = parts.untouched
    this.#environment = environment
    this.#tail = new DurableTail(environment, parts.directory)
    parts.segments.forEach((segment, i) => {
      const end = parts.segments[i + 1]?.baseOffset ?? parts.logEndOffset
      if (end > parts.recoveryPoint) this.#tail.noteWritten(segment.logPath)
    })
  }

  get config(): LogConfig {
    return this.#config
  }

  set config(config: LogConfig) {
    this.#config = config
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  get logEndOffset(): number {
    return this.#logEndOffset
  }

  /** First offset that read-committed readers may not see yet. */
  get lastStableOffset(): number {
    const unstable = this.producers.firstUnstableOffset
    return unstable === undefined ? this.#logEndOffset : Math.max(unstable, this.#logStartOffset)
  }

  /** Offsets below this are on disk for sure; recovery need not read them. */
  get recoveryPoint(): number {
    return this.#recoveryPoint
  }

  /** Bytes of all segments. */
  get sizeBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  get activeSegment(): Segment {
    return this.segments[this.segments.length - 1]!
  }

  /** Why the partition refuses appends; `undefined` while it takes them. */
  get failure(): Error | undefined {
    return this.#failure
  }

  get environment(): LogEnvironment {
    return this.#environment
  }

  /**
   * Appends a producer's batches: checks them, gives them offsets, stamps offset and leader epoch into `bytes` in place and writes them with
   * one call. `bytes` is borrowed for the call.
   *
   * @throws ApiError with the code for the producer; nothing was appended then.
   */
  append(bytes: Uint8Array): AppendResult {
    this.#requireWritable()
    const nowMs = this.#environment.clock.now()
    const batches = validateBatches(bytes, this.#config, nowMs)
    for (const { header } of batches) {
      if (header.producerId < 0) continue
      const known = this.#checkSequence(header)
      if (known !== undefined) return known
    }
    return this.#write(bytes, batches, nowMs)
  }

  /**
   * Appends a batch that the broker itself made (coordinators' records): not checked again, no sequences.
   *
   * @throws ApiError KAFKA_STORAGE_ERROR when the write fails.
   */
  appendInternal(bytes: Uint8Array, header: BatchHeader): AppendResult {
    this.#requireWritable()
    return this.#write(bytes, [{ header, position: 0 }], this.#environment.clock.now())
  }

  /** Writes a transaction marker; the last stable offset may move. @throws ApiError KAFKA_STORAGE_ERROR when the write fails. */
  appendMarker(marker: MarkerToAppend): number {
    this.#requireWritable()
    const timestampMs = this.#environment.clock.now()
    const offset = this.#logEndOffset
    const bytes = encodeControlBatch({
      kind: marker.committed ? 'commit' : 'abort',
      producerId: marker.producerId,
      producerEpoch: marker.producerEpoch,
      coordinatorEpoch: marker.coordinatorEpoch,
      timestampMs,
      baseOffset: offset,
      leaderEpoch: LEADER_EPOCH,
    })
    this.#makeRoom(bytes.length, timestampMs, timestampMs)
    this.#writeBytes(bytes)
    const batch = { lastOffset: offset, sizeBytes: bytes.length, maxTimestamp: timestampMs }
    this.activeSegment.noteBatch(batch, this.#config.indexIntervalBytes)
    this.#logEndOffset = offset + 1
    const target = { producers: this.producers, segment: this.activeSegment }
    noteMarker(target, { ...marker, offset, timestampMs })
    this.#appended(bytes.length)
    return offset
  }

  /** Seals the active segment and begins a new one at the log end. */
  roll(): void {
    const { fileSystem } = this.#environment
    this.#untouched = false
    const sealed = this.activeSegment
    this.#writeIndexes(sealed)
    const next = new Segment(this.directory, this.#logEndOffset, this.#environment.clock.now())
    const snapshot = encodeProducerSnapshot(this.producers.snapshot())
    writeSmallFile(fileSystem, segmentPath(this.directory, next.baseOffset, '.snapshot'), snapshot)
    this.#environment.files.forget(next.logPath)
    fileSystem.openWritableSync(next.logPath).closeSync()
    this.segments.push(next)
    this.#tail.noteCreated()
    // What is sealed is synced in the background, so that recovery after a loss of power has one segment to read.
    this.flush().catch(this.#environment.onBackgroundError)
  }

  /** Resolves when everything appended so far survives a loss of power. @throws ApiError KAFKA_STORAGE_ERROR when the sync fails. */
  async flush(): Promise<void> {
    if (this.#closed) return
    if (this.#failure !== undefined) throw this.#refusal(this.#failure)
    const end = this.#logEndOffset
    try {
      await this.#tail.flush()
    } catch (error) {
      // Closed or deleted meanwhile: nobody waits for these bytes.
      if (this.#closed) return
      throw this.#fail(error)
    }
    if (end > this.#recoveryPoint) this.#recoveryPoint = end
  }

  get hasUnsyncedBytes(): boolean {
    return !this.#tail.isClean
  }

  /** Moves the log start forward; whole segments below it are taken out and returned for removal. */
  advanceLogStart(offset: number): Segment[] {
    if (offset <= this.#logStartOffset) return []
    if (offset > this.#logEndOffset) throw new ApiError(ErrorCode.OFFSET_OUT_OF_RANGE)
    this.#logStartOffset = offset
    let whole = 0
    while (whole + 1 < this.segments.length && this.segments[whole + 1]!.baseOffset <= offset) {
      whole++
    }
    const gone = this.segments.splice(0, whole)
    this.detachSegments(gone)
    return gone
  }

  /** The files of these segments are about to go: nothing of them needs to be synced. @internal */
  detachSegments(segments: readonly Segment[]): void {
    for (const segment of segments) {
      for (const suffix of segmentSuffixes) this.#tail.noteRemoved(segment.path(suffix))
    }
  }

  /** Puts cleaned segments in the place of those they were made from. @internal */
  replaceSegments(old: readonly Segment[], fresh: readonly Segment[]): void {
    const at = this.segments.indexOf(old[0]!)
    if (at < 0) throw new CorruptionError(`segments of ${this.topic}-${this.partition} changed`)
    this.segments.splice(at, old.length, ...fresh)
    for (const segment of fresh) this.#writeIndexes(segment)
  }

  /** Writes the indexes of the active segment and the producers' state, syncs, and takes no more appends. */
  async close(): Promise<void> {
    if (this.#closed) return
    const { fileSystem } = this.#environment
    if (this.#failure === undefined && !this.#untouched) {
      this.#writeIndexes(this.activeSegment)
      const path = segmentPath(this.directory, this.#logEndOffset, '.snapshot')
      writeSmallFile(fileSystem, path, encodeProducerSnapshot(this.producers.snapshot()))
      await this.flush()
    }
    this.discard()
  }

  /** Takes no more appends and lets go of the files; for a partition that is deleted, and for close. */
  discard(): void {
    this.#closed = true
    this.#failure ??= new Error('the partition is closed')
    for (const segment of this.segments) {
      for (const suffix of segmentSuffixes) this.#environment.files.forget(segment.path(suffix))
    }
    this.listeners.clear()
  }

  /** Writes a segment's index files, to be synced before the recovery point passes them: then they are trusted. */
  #writeIndexes(segment: Segment): void {
    segment.writeIndexes(this.#environment.fileSystem)
    this.#tail.noteWritten(segment.path('.index'))
    this.#tail.noteWritten(segment.path('.timeindex'))
    if (segment.aborted.length > 0) this.#tail.noteWritten(segment.path('.txnindex'))
    this.#tail.noteCreated()
  }

  #checkSequence(header: BatchHeader): AppendResult | undefined {
    const verdict = this.producers.check(header)
    switch (verdict.kind) {
      case 'append':
        return undefined
      case 'duplicate':
        return {
          baseOffset: verdict.firstOffset,
          logAppendTimeMs: this.#config.logAppendTime ? verdict.timestamp : -1,
        }
      case 'fenced':
        throw new ApiError(
          ErrorCode.INVALID_PRODUCER_EPOCH,
          `producer ${header.producerId} has a newer epoch than ${header.producerEpoch}`,
        )
      case 'out-of-order':
        throw new ApiError(
          ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
          `sequence ${header.baseSequence} of producer ${header.producerId}, expected ${verdict.expected}`,
        )
    }
  }

  #write(bytes: Uint8Array, batches: readonly IncomingBatch[], now: number): AppendResult {
    const { logAppendTime, indexIntervalBytes } = this.#config
    const baseOffset = this.#logEndOffset
    let offset = baseOffset
    let maxTimestamp = -1
    for (const { header, position } of batches) {
      setBatchBaseOffset(bytes, position, offset)
      setBatchLeaderEpoch(bytes, position, LEADER_EPOCH)
      if (logAppendTime) setBatchLogAppendTime(bytes, position, now)
      offset += header.lastOffsetDelta + 1
      if (header.maxTimestamp > maxTimestamp) maxTimestamp = header.maxTimestamp
    }
    this.#makeRoom(bytes.length, logAppendTime ? now : maxTimestamp, now)
    this.#writeBytes(bytes)
    const segment = this.activeSegment
    offset = baseOffset
    for (const { header } of batches) {
      const appended: BatchHeader = {
        ...header,
        baseOffset: offset,
        lastOffset: offset + header.lastOffsetDelta,
        maxTimestamp: logAppendTime ? now : header.maxTimestamp,
      }
      segment.noteBatch(appended, indexIntervalBytes)
      if (header.producerId >= 0) this.producers.noteBatch(appended, now)
      offset = appended.lastOffset + 1
    }
    this.#logEndOffset = offset
    this.#appended(bytes.length)
    return { baseOffset, logAppendTimeMs: logAppendTime ? now : -1 }
  }

  #makeRoom(sizeBytes: number, maxTimestamp: number, now: number): void {
    const segment = this.activeSegment
    const { segmentBytes, segmentMs, segmentIndexBytes } = this.#config
    const age =
      segment.firstTimestamp === undefined
        ? now - segment.createdMs
        : maxTimestamp - segment.firstTimestamp
    if (
      segment.sizeBytes > 0 &&
      (segment.sizeBytes + sizeBytes > segmentBytes ||
        age > segmentMs ||
        segment.offsetIndex.sizeBytes + OFFSET_INDEX_ENTRY_BYTES > segmentIndexBytes ||
        segment.timeIndex.sizeBytes + 2 * TIME_INDEX_ENTRY_BYTES > segmentIndexBytes ||
        this.#logEndOffset - segment.baseOffset > 0x7fff0000)
    ) {
      try {
        this.roll()
      } catch (error) {
        throw this.#fail(error)
      }
    }
  }

  #writeBytes(bytes: Uint8Array): void {
    this.#untouched = false
    const path = this.activeSegment.logPath
    try {
      this.#environment.files.writer(path).appendSync(bytes)
    } catch (error) {
      throw this.#fail(error)
    }
    this.#tail.noteWritten(path)
  }

  #appended(bytes: number): void {
    for (const listener of this.listeners) listener(this, bytes)
  }

  #requireWritable(): void {
    if (this.#failure !== undefined) throw this.#refusal(this.#failure)
  }

  #fail(error: unknown): ApiError {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
    return this.#refusal(this.#failure)
  }

  #refusal(cause: Error): ApiError {
    return new ApiError(
      ErrorCode.KAFKA_STORAGE_ERROR,
      `${this.topic}-${this.partition} takes no more appends: ${cause.message}`,
      cause,
    )
  }
}
