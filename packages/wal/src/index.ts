/**
 * RocksDB's write-ahead log: record framing, and the write batch a record holds.
 *
 * @packageDocumentation
 */
export {}
