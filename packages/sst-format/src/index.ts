/**
 * RocksDB's block-based table files: build, read, filter, compress, cache.
 *
 * @packageDocumentation
 */
export {}
