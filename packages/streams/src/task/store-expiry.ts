import { timeIndexFamily } from '../state/open-store.ts'
import { observedNumber, WindowLifetime } from '../state/lifetime.ts'
import { readTime } from '../state/row-codec.ts'
import { byteString } from '../state/sorted-byte-map.ts'
import { sessionWindowBytes } from '../state/session-store.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import type { TaskState } from '../state/task-state.ts'
import { versionBytes } from '../state/versioned-store.ts'
import { timeWindowBytes } from '../state/window-store.ts'
import { timeIndexKey } from '../state/windowed-store.ts'
import type { SubTopology } from '../topology/topology.ts'

/** Rows looked at per store and commit: bounds the pause. */
const rowsPerRun = 5_000

/** Least event time between two sweeps of a store. */
const sweepIntervalMsMin = 60_000

interface Sweep {
  readonly store: StoreBuilder
  /** Bytes of a row's key from its time on. */
  readonly tailBytes: number
  /** Rows before this time may go. */
  readonly removableBefore: () => number
  /** Where the sweep under way goes on. */
  next: Uint8Array | undefined
  limit: number
  /** Greatest time seen when the last sweep began. */
  last: number
}

/**
 * Removes rows that windowed and versioned stores have stopped showing, some at each commit. A sweep of a store begins when its time has moved by half the retention, so each row is looked at a few times in its life.
 */
export class StoreExpiry {
  readonly #state: TaskState
  readonly #sweeps: Sweep[]

  /** @param cached Whether the task's stores keep updates in caches. */
  constructor(sub: SubTopology, state: TaskState, cached: boolean) {
    this.#state = state
    this.#sweeps = sub.stores.flatMap((store) => {
      const observed = state.number(observedNumber(store.name), -1)
      const sweep = (tailBytes: number, removableBefore: () => number): Sweep[] => [
        { store, tailBytes, removableBefore, next: undefined, limit: 0, last: observed.value },
      ]
      const hidden = (): number => observed.value - store.retentionMs
      switch (store.kind) {
        case 'window':
        case 'session': {
          const lifetime = new WindowLifetime(store, state)
          const tail = store.kind === 'window' ? timeWindowBytes : sessionWindowBytes
          return sweep(tail, () => lifetime.removableBefore(cached && store.caching))
        }
        case 'join-window':
          return sweep(16, hidden)
        case 'versioned':
          return sweep(versionBytes, hidden)
        default:
          return []
      }
    })
  }

  /** Does a part of the work on versioned stores. To be called before changelogs are written, which know no retention for them. */
  removeVersions(): void {
    for (const sweep of this.#sweeps) if (sweep.store.kind === 'versioned') this.#sweep(sweep)
  }

  /** Does a part of the work on windowed stores, whose changelogs need not hear of it. To be called before state is committed. */
  removeWindows(): void {
    for (const sweep of this.#sweeps) if (sweep.store.kind !== 'versioned') this.#sweep(sweep)
  }

  #sweep(sweep: Sweep): void {
    const { store, tailBytes } = sweep
    const time = this.#state.number(observedNumber(store.name), -1).value
    if (sweep.next === undefined) {
      if (time - sweep.last < Math.max(sweepIntervalMsMin, store.retentionMs / 2)) return
      sweep.last = time
      sweep.limit = sweep.removableBefore()
      sweep.next = new Uint8Array(0)
    }
    const rows = this.#state.store(store.name)
    const expired = store.kind === 'versioned' ? supersededVersions : rowsBefore
    const found: Uint8Array[] = []
    sweep.next = expired(rows.committed({ gte: sweep.next }), sweep.limit, tailBytes, found)
    for (const key of found) {
      rows.put(key, null, sweep.limit)
      if (!store.timeIndex) continue
      const index = this.#state.store(timeIndexFamily(store.name))
      index.put(timeIndexKey(key, tailBytes), null, sweep.limit)
    }
  }
}

type Rows = Iterable<readonly [Uint8Array, Uint8Array]>

/** Puts keys of rows before `limit` into `found`; answers where to go on. */
function rowsBefore(
  rows: Rows,
  limit: number,
  tailBytes: number,
  found: Uint8Array[],
): Uint8Array | undefined {
  let looked = 0
  for (const [key] of rows) {
    if (looked++ >= rowsPerRun) return key
    if (readTime(key, key.length - tailBytes) < limit) found.push(key)
  }
  return undefined
}

/** The same for versions: one goes when the next of its key was valid at `limit` already, a deletion also when it is the last. */
function supersededVersions(
  rows: Rows,
  limit: number,
  tailBytes: number,
  found: Uint8Array[],
): Uint8Array | undefined {
  let looked = 0
  let last: { readonly id: string; readonly key: Uint8Array; readonly gone: boolean } | undefined
  for (const [key, version] of rows) {
    const id = byteString(key.subarray(0, key.length - tailBytes))
    const old = readTime(key, key.length - tailBytes) <= limit
    if (last !== undefined && (last.id === id ? old : last.gone)) found.push(last.key)
    if (looked++ >= rowsPerRun) return key
    last = { id, key, gone: old && version[0] === 0 }
  }
  if (last?.gone === true) found.push(last.key)
  return undefined
}
