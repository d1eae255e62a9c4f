/**
 * Layout of a record batch, magic 2. Everything is big-endian.
 *
 *      0 baseOffset i64      23 lastOffsetDelta i32      51 producerEpoch i16
 *      8 batchLength i32     27 baseTimestamp i64        53 baseSequence i32
 *     12 leaderEpoch i32     35 maxTimestamp i64         57 recordCount i32
 *     16 magic i8 = 2        43 producerId i64           61 records, or one compressed block
 *     17 crc u32
 *     21 attributes i16
 *
 * `batchLength` counts from byte 12; the CRC-32C covers byte 21 to the end, so a broker may set base offset and leader epoch in place.
 * Source: Kafka documentation, "Record Batch".
 */
export const BatchField = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const

/** Bytes before the first record. */
export const BATCH_HEADER_BYTES = 61

/** Bytes that `batchLength` does not count: base offset and the length itself. */
export const BATCH_LENGTH_START = 12

/** Bits of a batch's attributes. */
export const BatchAttribute = {
  codecMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const

/** Names of the codecs in the order of their numbers on the wire. */
export const compressionNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** How the records of a batch are compressed. */
export type CompressionName = (typeof compressionNames)[number]
