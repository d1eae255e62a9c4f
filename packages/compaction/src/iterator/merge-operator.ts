/** Combines merge operands with a base value; pure. Named in tables and OPTIONS. */
export interface MergeOperator {
  /** Class name as RocksDB stores it. */
  readonly name: string
  /**
   * The value that `operands`, oldest first, make of `base`; `base` is absent when the key had no value. Arguments are
   * borrowed; the result is owned by the caller.
   */
  fullMerge(
    userKey: Uint8Array,
    base: Uint8Array | undefined,
    operands: readonly Uint8Array[],
  ): Uint8Array
  /** One operand that stands for `operands`, oldest first; `undefined` when they must stay apart. */
  partialMerge?(userKey: Uint8Array, operands: readonly Uint8Array[]): Uint8Array | undefined
}
