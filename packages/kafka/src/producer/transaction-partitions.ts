import type { TopicPartition } from '../client.ts'

/** What {@link TransactionPartitions} needs of its producer. */
export interface TransactionPartitionsEnvironment {
  /** Tells the coordinator. */
  readonly add: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly onFailed: (error: unknown) => void
  /** Told or failed: batches that waited may be looked at again. */
  readonly onDone: () => void
}

/** The partitions that the coordinator of the open transaction was told of, and those it is still to be told of. */
export class TransactionPartitions {
  readonly #environment: TransactionPartitionsEnvironment
  readonly #added = new Set<string>()
  readonly #wanted = new Map<string, TopicPartition>()
  #adding: Promise<void> | undefined

  constructor(environment: TransactionPartitionsEnvironment) {
    this.#environment = environment
  }

  /** Whether records may go to the partition; if not, the coordinator is told of it soon. */
  admit({ topic, partition }: TopicPartition): boolean {
    const key = `${topic}/${partition}`
    if (this.#added.has(key)) return true
    this.#wanted.set(key, { topic, partition })
    // In a microtask, so that all partitions of one drain travel in one request.
    this.#adding ??= Promise.resolve().then(() => this.#add())
    return false
  }

  /** Resolves when no request to the coordinator is on its way. */
  async idle(): Promise<void> {
    await this.#adding?.catch(() => undefined)
  }

  /** Forgets all of them: the transaction is over. */
  clear(): void {
    this.#added.clear()
    this.#wanted.clear()
  }

  async #add(): Promise<void> {
    const partitions = [...this.#wanted.values()]
    const keys = [...this.#wanted.keys()]
    this.#wanted.clear()
    try {
      await this.#environment.add(partitions)
      for (const key of keys) this.#added.add(key)
    } catch (error) {
      this.#environment.onFailed(error)
    } finally {
      this.#adding = undefined
      this.#environment.onDone()
    }
  }
}
