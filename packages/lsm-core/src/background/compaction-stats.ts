import type { Compaction, JobStats } from '@varve/compaction'

/** What compactions into one level (flushes, for level 0) have done since the database was opened. */
export interface LevelCompactionStats {
  /** Flushes, or compactions that rewrote. */
  readonly jobs: number
  /** Compactions that moved tables as they are. */
  readonly moves: number
  readonly bytesMoved: number
  /** Read from levels above. */
  readonly bytesReadFromAbove: number
  /** Read from the level itself. */
  readonly bytesReadFromLevel: number
  readonly bytesWritten: number
  readonly entriesRead: number
  /** Entries that were read and not written. */
  readonly entriesDropped: number
  readonly filesRead: number
  readonly filesWritten: number
  /** Of all jobs together, parts of one counted each. */
  readonly durationMs: number
}

/** {@link LevelCompactionStats} while they are counted. */
export type LevelCompactionCounters = { -readonly [Name in keyof LevelCompactionStats]: number }

/** Where counting begins. */
export const noCompactionStats: LevelCompactionStats = {
  jobs: 0,
  moves: 0,
  bytesMoved: 0,
  bytesReadFromAbove: 0,
  bytesReadFromLevel: 0,
  bytesWritten: 0,
  entriesRead: 0,
  entriesDropped: 0,
  filesRead: 0,
  filesWritten: 0,
  durationMs: 0,
}

/** Counters of one column family, by the level that jobs wrote to. */
export class CompactionStats {
  readonly #levels: LevelCompactionCounters[]
  /** Bytes that flushes wrote. */
  flushedBytes = 0
  /** Tables that were deleted whole by FIFO compaction. */
  droppedFiles = 0

  constructor(levels: number) {
    this.#levels = Array.from({ length: levels }, () => ({ ...noCompactionStats }))
  }

  get levels(): readonly LevelCompactionStats[] {
    return this.#levels
  }

  /** Bytes written by flushes and compactions for each byte that was flushed; 0 before the first flush. */
  get writeAmplification(): number {
    if (this.flushedBytes === 0) return 0
    return this.#levels.reduce((sum, level) => sum + level.bytesWritten, 0) / this.flushedBytes
  }

  addFlush(stats: JobStats, files: number): void {
    this.#addWork(this.#levels[0]!, stats, files)
    this.flushedBytes += stats.bytesWritten
  }

  addCompaction(compaction: Compaction, stats: JobStats, files: number): void {
    const level = this.#levels[compaction.outputLevel]!
    this.#addWork(level, stats, files)
    for (const input of compaction.inputs) {
      const bytes = input.files.reduce((sum, file) => sum + file.fileSizeBytes, 0)
      level.filesRead += input.files.length
      if (input.level === compaction.outputLevel) level.bytesReadFromLevel += bytes
      else level.bytesReadFromAbove += bytes
    }
  }

  addMove({ inputs, outputLevel }: Compaction): void {
    const level = this.#levels[outputLevel]!
    level.moves++
    for (const { files } of inputs) for (const file of files) level.bytesMoved += file.fileSizeBytes
  }

  #addWork(level: LevelCompactionCounters, stats: JobStats, files: number): void {
    level.jobs++
    level.bytesWritten += stats.bytesWritten
    level.entriesRead += stats.entriesRead
    level.entriesDropped += Math.max(0, stats.entriesRead - stats.entriesWritten)
    level.filesWritten += files
    level.durationMs += stats.durationMs
  }
}
