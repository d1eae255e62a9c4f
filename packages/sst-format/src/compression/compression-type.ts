/** Compression of one block; the first byte of its trailer. Names and numbers are RocksDB's. */
export const CompressionType = {
  NoCompression: 0,
  Snappy: 1,
  Zlib: 2,
  BZip2: 3,
  LZ4: 4,
  LZ4HC: 5,
  Xpress: 6,
  ZSTD: 7,
  ZSTDNotFinal: 0x40,
} as const

/** A value of {@link CompressionType}. */
export type CompressionType = (typeof CompressionType)[keyof typeof CompressionType]

/** Name of a type as property `rocksdb.compression` spells it. */
export function compressionTypeName(type: number): string {
  for (const [name, value] of Object.entries(CompressionType)) if (value === type) return name
  return `compression type ${type}`
}
