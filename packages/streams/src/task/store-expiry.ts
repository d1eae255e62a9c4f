import { readTime } from '../state/row-codec.ts'
import { timeIndexFamily } from '../state/open-store.ts'
import { SessionStore } from '../state/session-store.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import type { TaskState } from '../state/task-state.ts'
import { WindowStore } from '../state/window-store.ts'
import type { SubTopology } from '../topology/topology.ts'

/** Rows looked at per store and commit: bounds the pause. */
const rowsPerRun = 5_000

/** Least event time between two sweeps of a store. */
const sweepIntervalMsMin = 60_000

interface Sweep {
  readonly store: StoreBuilder
  /** Where the sweep under way goes on. */
  next: Uint8Array | undefined
  /** Rows before this time go. */
  limit: number
  /** Greatest time seen when the last sweep began. */
  last: number
}

/**
 * Removes rows that windowed stores have stopped showing, some at each commit. The changelog forgets them by its own retention.
 * A sweep of a store begins when its time has moved by half the retention, so each row is looked at a few times in its life.
 */
export class StoreExpiry {
  readonly #state: TaskState
  readonly #sweeps: Sweep[]

  constructor(sub: SubTopology, state: TaskState) {
    this.#state = state
    this.#sweeps = sub.stores
      .filter((store) => ['window', 'session', 'join-window'].includes(store.kind))
      .map((store) => ({
        store,
        next: undefined,
        limit: 0,
        last: state.number(`t/store/${store.name}`, -1).value,
      }))
  }

  /** Does a part of the work; its deletions belong to the commit under way. */
  run(): void {
    for (const sweep of this.#sweeps) this.#sweep(sweep)
  }

  #sweep(sweep: Sweep): void {
    const { store } = sweep
    const time = this.#state.number(`t/store/${store.name}`, -1).value
    if (sweep.next === undefined) {
      if (time - sweep.last < Math.max(sweepIntervalMsMin, store.retentionMs / 2)) return
      sweep.last = time
      sweep.limit = time - store.retentionMs
      sweep.next = new Uint8Array(0)
    }
    const rows = this.#state.store(store.name)
    let looked = 0
    let last: Uint8Array | undefined
    const expired: Uint8Array[] = []
    for (const [key] of rows.committed({ gte: sweep.next })) {
      if (looked++ >= rowsPerRun) {
        last = key
        break
      }
      if (readTime(key, key.length - (store.kind === 'window' ? 8 : 16)) < sweep.limit) {
        expired.push(key)
      }
    }
    sweep.next = last
    for (const key of expired) {
      rows.put(key, null, sweep.limit)
      if (!store.timeIndex) continue
      const indexKey =
        store.kind === 'session' ? SessionStore.indexKeyOf(key) : WindowStore.indexKeyOf(key)
      this.#state.store(timeIndexFamily(store.name)).put(indexKey, null, sweep.limit)
    }
  }
}
