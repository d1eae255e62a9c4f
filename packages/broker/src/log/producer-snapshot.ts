import { CorruptionError, crc32c, UnsupportedError } from '@varve/base'

/** State of one producer in a `.snapshot` file. */
export interface ProducerSnapshotEntry {
  readonly producerId: number
  readonly producerEpoch: number
  /** -1: no batch known. */
  readonly lastSequence: number
  readonly lastOffset: number
  readonly offsetDelta: number
  readonly timestamp: number
  /** -1: none. */
  readonly coordinatorEpoch: number
  /** -1: no open transaction. */
  readonly currentTransactionFirstOffset: number
}

const HEADER_BYTES = 10
const ENTRY_BYTES = 46

/**
 * Encodes a `.snapshot` file: version i16 = 1, crc32c u32 of all that follows it, count i32, then per producer
 * producerId i64, epoch i16, lastSequence i32, lastOffset i64, offsetDelta i32, timestamp i64, coordinatorEpoch i32,
 * currentTxnFirstOffset i64. Big-endian.
 */
export function encodeProducerSnapshot(entries: readonly ProducerSnapshotEntry[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + entries.length * ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  view.setInt16(0, 1)
  view.setInt32(6, entries.length)
  entries.forEach((entry, i) => {
    const at = HEADER_BYTES + i * ENTRY_BYTES
    view.setBigInt64(at, BigInt(entry.producerId))
    view.setInt16(at + 8, entry.producerEpoch)
    view.setInt32(at + 10, entry.lastSequence)
    view.setBigInt64(at + 14, BigInt(entry.lastOffset))
    view.setInt32(at + 22, entry.offsetDelta)
    view.setBigInt64(at + 26, BigInt(entry.timestamp))
    view.setInt32(at + 34, entry.coordinatorEpoch)
    view.setBigInt64(at + 38, BigInt(entry.currentTransactionFirstOffset))
  })
  view.setUint32(2, crc32c(bytes.subarray(6)))
  return bytes
}

/** Decodes a `.snapshot` file. @throws CorruptionError when length or CRC are wrong; UnsupportedError for a newer version. */
export function decodeProducerSnapshot(bytes: Uint8Array, file: string): ProducerSnapshotEntry[] {
  if (bytes.length < HEADER_BYTES) {
    throw new CorruptionError('producer snapshot is cut off', { file, offset: bytes.length })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getInt16(0)
  if (version !== 1) throw new UnsupportedError(`producer snapshot version ${version} in "${file}"`)
  const expected = view.getUint32(2)
  const actual = crc32c(bytes.subarray(6))
  if (expected !== actual) {
    throw new CorruptionError('producer snapshot has a wrong checksum', {
      file,
      offset: 2,
      expected,
      actual,
    })
  }
  const count = view.getInt32(6)
  if (bytes.length !== HEADER_BYTES + count * ENTRY_BYTES) {
    throw new CorruptionError('producer snapshot has a wrong length', { file, offset: 6 })
  }
  return Array.from({ length: count }, (_, i) => {
    const at = HEADER_BYTES + i * ENTRY_BYTES
    return {
      producerId: Number(view.getBigInt64(at)),
      producerEpoch: view.getInt16(at + 8),
      lastSequence: view.getInt32(at + 10),
      lastOffset: Number(view.getBigInt64(at + 14)),
      offsetDelta: view.getInt32(at + 22),
      timestamp: Number(view.getBigInt64(at + 26)),
      coordinatorEpoch: view.getInt32(at + 34),
      currentTransactionFirstOffset: Number(view.getBigInt64(at + 38)),
    }
  })
}
