import { InvalidOptionError } from '@varve/base'

import type { LockManager } from './lock-manager.ts'
import type { ResolvedTransactionDBOptions } from './pessimistic-options.ts'
import type { Transaction } from './transaction.ts'

/** The locks of a database and its transactions that have a name. */
export class TransactionRegistry {
  readonly locks: LockManager
  readonly options: ResolvedTransactionDBOptions
  readonly #named = new Map<string, Transaction>()

  constructor(locks: LockManager, options: ResolvedTransactionDBOptions) {
    this.locks = locks
    this.options = options
  }

  named(): readonly Transaction[] {
    return [...this.#named.values()]
  }

  find(name: string): Transaction | undefined {
    return this.#named.get(name)
  }

  /** @throws InvalidOptionError when the name is taken */
  add(name: string, transaction: Transaction): void {
    if (this.#named.has(name)) throw new InvalidOptionError('name', `"${name}" is taken`)
    this.#named.set(name, transaction)
  }

  remove(name: string): void {
    this.#named.delete(name)
  }
}
