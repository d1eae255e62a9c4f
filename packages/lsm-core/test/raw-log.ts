import { ByteWriter, utf8Bytes } from '@varve/base'
import type { FileSystem } from '@varve/vfs'
import { LogWriter, type WriteBatch } from '@varve/wal'

/** What stands in a batch before its entries: its sequence number and count. */
const batchHeaderBytes = 12

/** An entry that names a transaction: of its prepared section's end, its commit or its rollback. */
export function mark(type: number, name: string): Uint8Array {
  return new ByteWriter().byte(type).slice(utf8Bytes(name)).toBytes()
}

/** The entries of a batch, without its header. */
export function entriesOf(batch: WriteBatch): Uint8Array {
  return batch.data.subarray(batchHeaderBytes)
}

/** A batch of raw pieces, as RocksDB's transactions write it. */
export function record(
  sequence: number,
  count: number,
  ...pieces: readonly Uint8Array[]
): Uint8Array {
  const out = new ByteWriter().fixed64(sequence).fixed32(count)
  for (const piece of pieces) out.raw(piece)
  return out.toBytes()
}

/** A log of these records, synced. */
export async function writeLog(
  fileSystem: FileSystem,
  path: string,
  records: readonly Uint8Array[],
): Promise<void> {
  await using log = await LogWriter.open(fileSystem, path)
  for (const one of records) log.addRecord(one)
  await log.sync()
}
