/**
 * The varve command: server, shell, run, and tools for RocksDB directories.
 *
 * @packageDocumentation
 */
export {}
