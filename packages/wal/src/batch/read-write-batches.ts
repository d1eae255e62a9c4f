import type { LogReader } from '../log/log-reader.ts'
import { WriteBatch } from './write-batch.ts'

/**
 * The write batches of a WAL in order, each owned by the caller; closes the reader at the end.
 *
 * @example
 * ```ts
 * for await (const batch of readWriteBatches(await LogReader.open(fs, '000012.log'))) console.log(batch.sequence)
 * ```
 */
export async function* readWriteBatches(
  reader: LogReader,
): AsyncGenerator<WriteBatch, void, undefined> {
  try {
    for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord()) {
      yield WriteBatch.from(record)
    }
  } finally {
    await reader.close()
  }
}
