/** What becomes of an entry: it stays, goes, or gets another value (which is given away to the compaction). */
export type CompactionDecision = 'keep' | 'remove' | { readonly changeValue: Uint8Array }

/** What kind of entry a filter is shown. */
export type FilteredType = 'value' | 'mergeOperand'

/**
 * Looks at entries while compactions rewrite them, and may remove or change them: for data that ends by a rule of its own.
 *
 * It is shown the newest version of each key when that is a value, and merge operands that no snapshot sees. Like RocksDB's it
 * does not spare values that snapshots see: with a filter a snapshot is not a promise. What is removed stays removed: a
 * tombstone takes its place until nothing older can lie below. Flushes do not filter. When an entry is met is not defined;
 * some are met never, some more than once.
 */
export interface CompactionFilter {
  /** Named in the OPTIONS file. */
  readonly name: string
  /**
   * `level` is where the compaction starts; `key` and `value` are borrowed for the time of the call. Must not throw: an exception
   * ends the compaction, and with it the writes of the database.
   */
  filter(level: number, key: Uint8Array, value: Uint8Array, type: FilteredType): CompactionDecision
}

/** For which compaction a filter is made. Plain data. */
export interface CompactionFilterContext {
  readonly columnFamilyId: number
  readonly columnFamilyName: string
  /** Every table of the family is rewritten. */
  readonly isFullCompaction: boolean
  /** Asked for by the user. */
  readonly isManualCompaction: boolean
}
