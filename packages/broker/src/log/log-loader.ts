import { CorruptionError } from '@varve/base'
import { decodeControlRecord, decodeRecordBatch } from '@varve/kafka-protocol'

import { leaderEpochCheckpoint } from './checkpoint-file.ts'
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import { parseSegmentName, segmentPath, segmentSuffixes } from './log-files.ts'
import { OffsetIndex } from './offset-index.ts'
import { noteMarker, PartitionLog } from './partition-log.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import { ProducerStateTable } from './producer-state.ts'
import { Segment, writeSmallFile } from './segment.ts'
import {
  scanSegment,
  scanSoundSegment,
  type ScannedBatch,
  type ScanDamage,
} from './segment-scan.ts'
import { TimeIndex } from './time-index.ts'
import { decodeAbortedTransactions } from './transaction-index.ts'

/** What {@link openLog} opens. */
export interface LogToOpen {
  readonly topic: string
  readonly partition: number
  readonly directory: string
  readonly config: LogConfig
  /** The broker closed in good order: files are what they were, nothing is read again. */
  readonly cleanShutdown: boolean
  /** From the checkpoints; 0 when they do not know the partition. */
  readonly recoveryPoint: number
  readonly logStartOffset: number
}

/** What recovery cut off. */
export interface RecoveredCut extends ScanDamage {
  readonly file: string
  readonly bytesRemoved: number
}

/**
 * Opens the log of a partition; the directory must exist.
 *
 * After a crash every segment from the recovery point on is read: each batch's length, CRC and offsets are checked, the file is cut at the first
 * bad one, later segments are removed, indexes and producers' state are built again. In every case producers' state is the newest snapshot plus the
 * batches behind it.
 */
export async function openLog(
  spec: LogToOpen,
  environment: LogEnvironment,
  onCut: (cut: RecoveredCut) => void = () => undefined,
): Promise<PartitionLog> {
  const { fileSystem } = environment
  const loader = new LogLoader(spec, environment, onCut)
  const { segments, snapshots } = await loader.listFiles()
  const recovered = await loader.loadSegments(segments)
  const logEndOffset = await loader.endOffset(recovered)
  const first = recovered[0]!
  const producers = await loader.loadProducers(recovered, snapshots, logEndOffset)
  if (!(await fileSystem.exists(segmentEpochPath(spec.directory)))) {
    writeSmallFile(
      fileSystem,
      segmentEpochPath(spec.directory),
      new TextEncoder().encode(leaderEpochCheckpoint),
    )
  }
  const logStartOffset = Math.min(Math.max(first.baseOffset, spec.logStartOffset), logEndOffset)
  return new PartitionLog(
    {
      topic: spec.topic,
      partition: spec.partition,
      directory: spec.directory,
      config: spec.config,
      segments: recovered,
      producers,
      logStartOffset,
      logEndOffset,
      recoveryPoint: Math.min(spec.recoveryPoint, logEndOffset),
      untouched:
        loader.loadedAll(recovered) && (logEndOffset === 0 || snapshots.includes(logEndOffset)),
    },
    environment,
  )
}

function segmentEpochPath(directory: string): string {
  return `${directory}/leader-epoch-checkpoint`
}

class LogLoader {
  readonly #spec: LogToOpen
  readonly #environment: LogEnvironment
  readonly #onCut: (cut: RecoveredCut) => void
  /** Segments whose index files were taken as they are. */
  readonly #loaded = new Set<Segment>()

  constructor(spec: LogToOpen, environment: LogEnvironment, onCut: (cut: RecoveredCut) => void) {
    this.#spec = spec
    this.#environment = environment
    this.#onCut = onCut
  }

  /** Base offsets of the segments and of the producer snapshots; leftovers of interrupted work are settled. */
  async listFiles(): Promise<{ readonly segments: number[]; readonly snapshots: number[] }> {
    const { fileSystem } = this.#environment
    const { directory } = this.#spec
    await this.#settleSwaps(await fileSystem.list(directory))
    const names = await fileSystem.list(directory)
    const segments: number[] = []
    const snapshots: number[] = []
    for (const name of names) {
      const parsed = parseSegmentName(name)
      if (parsed?.suffix === '.log') segments.push(parsed.baseOffset)
      if (parsed?.suffix === '.snapshot') snapshots.push(parsed.baseOffset)
    }
    const known = new Set(segments)
    for (const name of names) {
      const parsed = parseSegmentName(name)
      if (parsed === undefined || known.has(parsed.baseOffset)) continue
      if (parsed.suffix === '.snapshot') continue
      await fileSystem.remove(`${directory}/${name}`)
    }
    segments.sort((a, b) => a - b)
    snapshots.sort((a, b) => a - b)
    return { segments, snapshots }
  }

  /**
   * `.cleaned` was not finished: removed. `.swap` was: it takes its place, and the segments whose offsets it covers go. `.deleted`
   * is removed.
   */
  async #settleSwaps(names: readonly string[]): Promise<void> {
    const { fileSystem } = this.#environment
    const { directory } = this.#spec
    for (const name of names) {
      if (name.endsWith('.cleaned') || name.endsWith('.deleted')) {
        await fileSystem.remove(`${directory}/${name}`)
      }
    }
    for (const name of names) {
      if (!name.endsWith('.log.swap')) continue
      const target = parseSegmentName(name.slice(0, -'.swap'.length))
      if (target === undefined) continue
      const end = await this.#swapEnd(`${directory}/${name}`, target.baseOffset)
      for (const other of names) {
        const parsed = parseSegmentName(other)
        if (parsed === undefined || !segmentSuffixes.some((suffix) => suffix === parsed.suffix)) {
          continue
        }
        const covered = parsed.baseOffset >= target.baseOffset && parsed.baseOffset < end
        if (covered && parsed.suffix !== '.snapshot')
          await fileSystem.remove(`${directory}/${other}`)
      }
      await fileSystem.rename(
        `${directory}/${name}`,
        segmentPath(directory, target.baseOffset, '.log'),
      )
    }
  }

  async #swapEnd(path: string, baseOffset: number): Promise<number> {
    const file = await this.#environment.fileSystem.openRandomAccess(path)
    try {
      let end = baseOffset + 1
      for (const { header } of scanSegment(file, 0, file.sizeBytes, false)) {
        end = header.lastOffset + 1
      }
      return end
    } finally {
      await file.close()
    }
  }

  async loadSegments(baseOffsets: readonly number[]): Promise<Segment[]> {
    const { fileSystem, clock, files } = this.#environment
    const { directory, cleanShutdown, recoveryPoint } = this.#spec
    const segments: Segment[] = []
    if (baseOffsets.length === 0) {
      const segment = new Segment(directory, this.#spec.logStartOffset, clock.now())
      fileSystem.openWritableSync(segment.logPath).closeSync()
      return [segment]
    }
    for (const [i, baseOffset] of baseOffsets.entries()) {
      const path = segmentPath(directory, baseOffset, '.log')
      const stat = await fileSystem.stat(path)
      const segment = new Segment(directory, baseOffset, stat.modifiedMs)
      const next = baseOffsets[i + 1]
      const trusted = cleanShutdown || (next !== undefined && next <= recoveryPoint)
      if (trusted && (await this.#loadIndexes(segment, stat.sizeBytes))) {
        this.#loaded.add(segment)
        segments.push(segment)
        continue
      }
      const damage = await this.#rebuild(segment, stat.sizeBytes, next)
      segments.push(segment)
      if (damage === undefined) continue
      if (trusted) {
        // Nothing was being written here: this is no torn write, and cutting would drop what was acknowledged long ago.
        throw new CorruptionError(damage.reason, { file: path, offset: damage.position })
      }
      await this.#cut(segment, stat.sizeBytes, damage)
      for (const later of baseOffsets.slice(i + 1)) {
        const gone = new Segment(directory, later, 0)
        const sizeBytes = (await fileSystem.stat(gone.logPath)).sizeBytes
        await gone.removeFiles(fileSystem, files)
        this.#onCut({
          file: gone.logPath,
          position: 0,
          reason: 'an earlier segment was cut',
          bytesRemoved: sizeBytes,
        })
      }
      break
    }
    return segments
  }

  /** Loads the index files; false when one is missing or unsound, then they are to be built again. */
  async #loadIndexes(segment: Segment, logSizeBytes: number): Promise<boolean> {
    const { fileSystem } = this.#environment
    const indexPath = segment.path('.index')
    const timePath = segment.path('.timeindex')
    const transactionPath = segment.path('.txnindex')
    try {
      if (!(await fileSystem.exists(indexPath)) || !(await fileSystem.exists(timePath)))
        return false
      segment.offsetIndex = OffsetIndex.decode(
        await fileSystem.readFile(indexPath),
        segment.baseOffset,
        logSizeBytes,
        indexPath,
      )
      segment.timeIndex = TimeIndex.decode(
        await fileSystem.readFile(timePath),
        segment.baseOffset,
        timePath,
      )
      if (await fileSystem.exists(transactionPath)) {
        segment.aborted = decodeAbortedTransactions(
          await fileSystem.readFile(transactionPath),
          transactionPath,
        )
      }
    } catch (error) {
      if (error instanceof CorruptionError) return false
      throw error
    }
    segment.sizeBytes = logSizeBytes
    segment.maxTimestamp = segment.timeIndex.lastTimestamp ?? -1
    segment.maxTimestampOffset = segment.timeIndex.lastOffset ?? segment.baseOffset
    if (logSizeBytes > 0) {
      const file = await fileSystem.openRandomAccess(segment.logPath)
      try {
        for (const { header } of scanSegment(file, 0, logSizeBytes, false)) {
          segment.firstTimestamp = header.maxTimestamp
          break
        }
      } finally {
        await file.close()
      }
    }
    return true
  }

  /** Reads the segment from its start, checks every batch, builds the indexes. Answers the damage that ended it. */
  async #rebuild(
    segment: Segment,
    sizeBytes: number,
    nextBaseOffset: number | undefined,
  ): Promise<ScanDamage | undefined> {
    const { fileSystem } = this.#environment
    segment.reset()
    const transactionPath = segment.path('.txnindex')
    if (await fileSystem.exists(transactionPath)) await fileSystem.remove(transactionPath)
    const file = await fileSystem.openRandomAccess(segment.logPath)
    try {
      const scan = scanSegment(file, 0, sizeBytes, true)
      let expected = segment.baseOffset
      for (;;) {
        const step = scan.next()
        if (step.done === true) return step.value
        const { header, position } = step.value
        if (
          header.baseOffset < expected ||
          (nextBaseOffset !== undefined && header.lastOffset >= nextBaseOffset)
        ) {
          return {
            position,
            reason: `record batch has offset ${header.baseOffset}, expected ${expected}`,
          }
        }
        segment.noteBatch(header, this.#spec.config.indexIntervalBytes)
        expected = header.lastOffset + 1
      }
    } finally {
      await file.close()
    }
  }

  async #cut(segment: Segment, sizeBytes: number, damage: ScanDamage): Promise<void> {
    const file = await this.#environment.fileSystem.openWritable(segment.logPath, {
      mode: 'append',
    })
    try {
      await file.truncate(segment.sizeBytes)
      await file.sync()
    } finally {
      await file.close()
    }
    this.#onCut({
      ...damage,
      file: segment.logPath,
      bytesRemoved: sizeBytes - segment.sizeBytes,
    })
  }

  /** Log end: one above the last batch of the last segment. */
  async endOffset(segments: readonly Segment[]): Promise<number> {
    const last = segments.at(-1)!
    let end = last.baseOffset
    if (last.sizeBytes === 0) return end
    const file = await this.#environment.fileSystem.openRandomAccess(last.logPath)
    try {
      const from = last.offsetIndex.lookup(Number.MAX_SAFE_INTEGER)
      for (const { header } of scanSoundSegment(file, from, last.sizeBytes)) {
        end = header.lastOffset + 1
      }
      return end
    } finally {
      await file.close()
    }
  }

  /** Newest usable snapshot, then every batch behind it. Rebuilt segments get their aborted transactions on the way. */
  async loadProducers(
    segments: readonly Segment[],
    snapshots: readonly number[],
    logEndOffset: number,
  ): Promise<ProducerStateTable> {
    const { fileSystem } = this.#environment
    const { directory } = this.#spec
    // A rebuilt segment has lost its aborted transactions: the state must be replayed from before it.
    const rebuilt = segments.find((segment) => !this.#wasLoaded(segment))
    const newest = rebuilt === undefined ? logEndOffset : rebuilt.baseOffset
    let table = new ProducerStateTable()
    let from = segments[0]!.baseOffset
    let used: number | undefined
    for (const offset of snapshots.toReversed()) {
      const path = segmentPath(directory, offset, '.snapshot')
      if (used !== undefined) break
      if (offset > newest) continue
      try {
        table = ProducerStateTable.fromSnapshot(
          decodeProducerSnapshot(await fileSystem.readFile(path), path),
        )
        from = Math.max(from, offset)
        used = offset
      } catch (error) {
        if (!(error instanceof CorruptionError)) throw error
      }
    }
    const kept = new Set(segments.map((segment) => segment.baseOffset))
    for (const offset of snapshots) {
      if (kept.has(offset) || offset === used) continue
      await fileSystem.remove(segmentPath(directory, offset, '.snapshot'))
    }
    for (const segment of segments) {
      const end = segments[segments.indexOf(segment) + 1]?.baseOffset ?? logEndOffset
      if (end <= from) continue
      const replayAborted = !this.#wasLoaded(segment)
      if (replayAborted) segment.aborted = []
      await this.#replay(segment, from, table, replayAborted)
    }
    return table
  }

  /** Whether nothing had to be built again. */
  loadedAll(segments: readonly Segment[]): boolean {
    return segments.every((segment) => this.#wasLoaded(segment))
  }

  #wasLoaded(segment: Segment): boolean {
    return this.#loaded.has(segment) || segment.sizeBytes === 0
  }

  async #replay(
    segment: Segment,
    from: number,
    table: ProducerStateTable,
    keepAborted: boolean,
  ): Promise<void> {
    const file = await this.#environment.fileSystem.openRandomAccess(segment.logPath)
    const nowMs = this.#environment.clock.now()
    const known = segment.aborted
    if (!keepAborted) segment.aborted = []
    try {
      const position = segment.offsetIndex.lookup(from)
      for (const batch of scanSoundSegment(file, position, segment.sizeBytes)) {
        if (batch.header.lastOffset >= from) replayBatch(batch, segment, table, nowMs)
      }
    } finally {
      await file.close()
    }
    if (!keepAborted) segment.aborted = known
  }
}

function replayBatch(
  batch: ScannedBatch,
  segment: Segment,
  table: ProducerStateTable,
  nowMs: number,
): void {
  const { header, chunk, start } = batch
  if (header.producerId < 0) return
  if (!header.isControl) {
    table.noteBatch(header, nowMs)
    return
  }
  for (const record of decodeRecordBatch(chunk, start, { checkCrc: false })) {
    const marker = decodeControlRecord(record)
    if (marker === undefined) continue
    noteMarker(
      { producers: table, segment },
      {
        producerId: header.producerId,
        producerEpoch: header.producerEpoch,
        committed: marker.kind === 'commit',
        coordinatorEpoch: marker.coordinatorEpoch,
        offset: record.offset,
        timestampMs: record.timestamp,
      },
    )
  }
}
