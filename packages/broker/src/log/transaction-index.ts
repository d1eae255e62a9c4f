import { CorruptionError, UnsupportedError } from '@varve/base'

/** Bytes of one entry of a `.txnindex` file. */
const ABORTED_TRANSACTION_BYTES = 34

/** One aborted transaction whose marker lies in the segment. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the abort marker. */
  readonly lastOffset: number
  /** Last stable offset right after the marker. */
  readonly lastStableOffset: number
}

/**
 * Encodes entries of a `.txnindex` file:
 * version i16 = 0, producerId i64, firstOffset i64, lastOffset i64, lastStableOffset i64, big-endian.
 */
export function encodeAbortedTransactions(entries: readonly AbortedTransaction[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * ABORTED_TRANSACTION_BYTES)
  const view = new DataView(bytes.buffer)
  entries.forEach((entry, i) => {
    const at = i * ABORTED_TRANSACTION_BYTES
    view.setBigInt64(at + 2, BigInt(entry.producerId))
    view.setBigInt64(at + 10, BigInt(entry.firstOffset))
    view.setBigInt64(at + 18, BigInt(entry.lastOffset))
    view.setBigInt64(at + 26, BigInt(entry.lastStableOffset))
  })
  return bytes
}

/** Decodes a `.txnindex` file. @throws CorruptionError when it ends within an entry; UnsupportedError for a newer version. */
export function decodeAbortedTransactions(bytes: Uint8Array, file: string): AbortedTransaction[] {
  if (bytes.length % ABORTED_TRANSACTION_BYTES !== 0) {
    throw new CorruptionError('transaction index ends within an entry', {
      file,
      offset: bytes.length - (bytes.length % ABORTED_TRANSACTION_BYTES),
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: AbortedTransaction[] = []
  for (let at = 0; at < bytes.length; at += ABORTED_TRANSACTION_BYTES) {
    const version = view.getInt16(at)
    if (version !== 0)
      throw new UnsupportedError(`transaction index version ${version} in "${file}"`)
    entries.push({
      producerId: Number(view.getBigInt64(at + 2)),
      firstOffset: Number(view.getBigInt64(at + 10)),
      lastOffset: Number(view.getBigInt64(at + 18)),
      lastStableOffset: Number(view.getBigInt64(at + 26)),
    })
  }
  return entries
}
