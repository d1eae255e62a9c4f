/**
 * An LSM store in pure TypeScript with column families, snapshots and files that RocksDB reads.
 *
 * @packageDocumentation
 */
export {}
