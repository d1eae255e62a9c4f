import { UnsupportedError } from '@varve/base'
import type { MergeOperator } from '@varve/compaction'

/** Collects the merge operands of one key from newest to oldest and combines them. */
export class MergeContext {
  readonly #operator: MergeOperator
  readonly #key: Uint8Array
  readonly #operands: Uint8Array[] = []

  /** @throws UnsupportedError when the family has no operator */
  constructor(operator: MergeOperator | undefined, familyName: string, key: Uint8Array) {
    if (operator === undefined) {
      throw new UnsupportedError(
        `merge operands without a merge operator in family "${familyName}"`,
      )
    }
    this.#operator = operator
    this.#key = key
  }

  /** Adds an operand that is older than those before; it is copied. */
  addOlder(operand: Uint8Array): void {
    this.#operands.push(new Uint8Array(operand))
  }

  /** The value over `base`, or over nothing; owned by the caller. */
  finish(base: Uint8Array | undefined): Uint8Array {
    // The operator may give it back as it is, and it may be a view.
    const owned = base === undefined ? undefined : new Uint8Array(base)
    return this.#operator.fullMerge(this.#key, owned, this.#operands.toReversed())
  }
}
