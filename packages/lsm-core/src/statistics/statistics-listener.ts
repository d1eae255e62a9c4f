import type { CompactionInfo, EventListener, FlushInfo } from '../options/event-listener.ts'
import { histogram } from './histogram-names.ts'
import type { Statistics } from './statistics.ts'
import { ticker } from './ticker.ts'

/** Counts what a database does in the background. */
export class StatisticsListener implements EventListener {
  readonly #statistics: Statistics

  constructor(statistics: Statistics) {
    this.#statistics = statistics
  }

  onFlushCompleted({ file, durationMs }: FlushInfo): void {
    this.#statistics.count(ticker['rocksdb.flush.write.bytes'], file?.sizeBytes ?? 0)
    if (durationMs !== undefined)
      this.#statistics.measure(histogram['rocksdb.db.flush.micros'], durationMs * 1000)
  }

  onCompactionCompleted(info: CompactionInfo): void {
    const { kind, inputFiles, bytesRead = 0, bytesWritten = 0, durationMs } = info
    if (kind !== 'rewrite') return
    this.#statistics.count(ticker['rocksdb.compact.read.bytes'], bytesRead)
    this.#statistics.count(ticker['rocksdb.compact.write.bytes'], bytesWritten)
    this.#statistics.measure(histogram['rocksdb.numfiles.in.singlecompaction'], inputFiles.length)
    if (durationMs !== undefined)
      this.#statistics.measure(histogram['rocksdb.compaction.times.micros'], durationMs * 1000)
  }
}
