import { observedNumber } from './lifetime.ts'
import { sequenceNumber } from './numbers.ts'
import { timeIndexFamily } from './open-store.ts'
import { readTime } from './row-codec.ts'
import { sessionWindowBytes } from './session-store.ts'
import type { StoreBuilder } from './store-builder.ts'
import type { ByteStore, TaskState } from './task-state.ts'
import { versionBytes } from './versioned-store.ts'
import { timeWindowBytes } from './window-store.ts'
import { timeIndexKey } from './windowed-store.ts'

const noValue = new Uint8Array(0)

/** Bytes of a row's key from its time on; 0 where rows have no time. */
function tailBytesOf(store: StoreBuilder): number {
  switch (store.kind) {
    case 'window':
      return timeWindowBytes
    case 'session':
      return sessionWindowBytes
    case 'versioned':
      return versionBytes
    case 'join-window':
      return 16
    default:
      return 0
  }
}

/**
 * Writes the rows of a store's changelog back, with what hangs on them: the index by time, the greatest time seen, the next number of
 * equal rows. These numbers also travel with committed offsets, but only as far as they fit.
 */
export class StoreRestorer {
  readonly #rows: ByteStore
  readonly #index: ByteStore | undefined
  readonly #tailBytes: number
  readonly #observed: { value: number } | undefined
  readonly #sequence: { value: number } | undefined

  constructor(state: TaskState, store: StoreBuilder) {
    const { name, kind } = store
    this.#rows = state.store(name)
    this.#index = store.timeIndex ? state.store(timeIndexFamily(name)) : undefined
    this.#tailBytes = tailBytesOf(store)
    this.#observed = this.#tailBytes > 0 ? state.number(observedNumber(name), -1) : undefined
    const numbered = kind === 'join-window' || kind === 'join-outer'
    this.#sequence = numbered ? state.number(sequenceNumber(name), 0) : undefined
  }

  /** Key and value are kept. */
  put(key: Uint8Array, value: Uint8Array | null, timestamp: number): void {
    this.#rows.put(key, value, timestamp)
    this.#index?.put(timeIndexKey(key, this.#tailBytes), value === null ? null : noValue, timestamp)
    if (this.#observed !== undefined) {
      const time = readTime(key, key.length - this.#tailBytes)
      if (time > this.#observed.value) this.#observed.value = time
    }
    if (this.#sequence !== undefined) {
      const next = readTime(key, key.length - 8) + 1
      if (next > this.#sequence.value) this.#sequence.value = next
    }
  }
}
