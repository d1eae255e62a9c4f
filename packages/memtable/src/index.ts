/**
 * Ordered in-memory table of internal keys with versions and range tombstones.
 *
 * @packageDocumentation
 */
export { Memtable, type MemtableObserver, type MemtableOptions } from './memtable.ts'
export { openSharedMemtable, type SharedMemtable } from './shared-memtable.ts'
export { hashKey } from './key-index.ts'
export { SpareMemory, type LendMemory, type UsedMemory } from './spare-memory.ts'
export { RangeTombstoneList } from './range-tombstones.ts'
// Entries are added by type.
export { ValueType, type MemoryLoan, type RangeTombstone } from '@varve/base'
