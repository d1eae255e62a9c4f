import { CorruptionError } from '@varve/base'

import { leaderEpochCheckpoint } from './checkpoint-file.ts'
import { listLogFiles } from './list-log-files.ts'
import type { LogConfig } from './log-config.ts'
import type { LogEnvironment } from './log-environment.ts'
import { segmentPath } from './log-files.ts'
import { PartitionLog } from './partition-log.ts'
import { loadProducers } from './producer-recovery.ts'
import { loadIndexes, rebuildIndexes } from './segment-recovery.ts'
import { Segment, writeSmallFile } from './segment.ts'
import { scanSoundSegment, type ScanDamage } from './segment-scan.ts'

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
  /** Path of the segment. */
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
  const { segments, snapshots } = await listLogFiles(fileSystem, spec.directory)
  const recovered = await loader.loadSegments(segments)
  const logEndOffset = await loader.endOffset(recovered)
  const first = recovered[0]!
  const producers = await loadProducers(
    environment,
    spec.directory,
    recovered,
    snapshots,
    logEndOffset,
    (segment) => loader.wasLoaded(segment),
  )
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

  async loadSegments(baseOffsets: readonly number[]): Promise<Segment[]> {
    const { fileSystem, clock, files } = this.#environment
    const { directory, config, cleanShutdown, recoveryPoint } = this.#spec
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
      if (trusted && (await loadIndexes(fileSystem, segment, stat.sizeBytes))) {
        this.#loaded.add(segment)
        segments.push(segment)
        continue
      }
      const damage = await rebuildIndexes(
        fileSystem,
        segment,
        stat.sizeBytes,
        next,
        config.indexIntervalBytes,
      )
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

  /** Whether nothing had to be built again. */
  loadedAll(segments: readonly Segment[]): boolean {
    return segments.every((segment) => this.wasLoaded(segment))
  }

  /** Whether its indexes were taken as they are: nothing of it was built again. */
  wasLoaded(segment: Segment): boolean {
    return this.#loaded.has(segment) || segment.sizeBytes === 0
  }
}
