import { sharedNumber } from './numbers.ts'
import type { ClosedWindows, StoreBuilder } from './store-builder.ts'
import type { TaskState } from './task-state.ts'

/** Kafka Streams drops sessions of its stores on disk in segments of half the retention, but of no less than this. */
const segmentMsMin = 60_000

/**
 * How long the rows of a windowed store live. The time of a row is the start of its window, or the end of its session; it is measured
 * against the greatest one written.
 */
export class WindowLifetime {
  readonly retentionMs: number
  readonly #kind: 'window' | 'session'
  readonly #indexed: boolean
  readonly #closedWindows: ClosedWindows
  readonly #observed: { value: number }
  readonly #closed: { readonly value: number }

  constructor(store: StoreBuilder, state: TaskState) {
    this.retentionMs = store.retentionMs
    this.#kind = store.kind === 'session' ? 'session' : 'window'
    this.#indexed = store.timeIndex
    this.#closedWindows = store.closedWindows ?? 'segments'
    this.#observed = state.number(observedNumber(store.name), -1)
    this.#closed = state.number(sharedNumber(closedNumber(store.name)), -1)
  }

  /** Takes note of a row that is written. */
  observe(time: number): void {
    if (time > this.#observed.value) this.#observed.value = time
  }

  /** Greatest time written; −1 before the first. */
  get observed(): number {
    return this.#observed.value
  }

  /** Rows before this time are hidden from readers. Indexed window stores show one millisecond more, as Kafka Streams' do. */
  get visibleFrom(): number {
    const exact = this.#observed.value - this.retentionMs + 1
    const more = this.#indexed && this.#kind === 'window' && this.#closedWindows !== 'exact'
    return more ? exact - 1 : exact
  }

  /** Rows before this time are not found any more when their window closes. */
  get closableFrom(): number {
    if (this.#closedWindows === 'complete') return 0
    if (this.#kind === 'window' || this.#closedWindows === 'exact') return this.visibleFrom
    const segmentMs = Math.max(segmentMsMin, Math.floor(this.retentionMs / 2))
    const live = Math.max(0, this.#observed.value - this.retentionMs)
    return Math.floor(live / segmentMs) * segmentMs
  }

  /** Rows before this time can be removed. What a cache still shows stays for another retention. */
  removableBefore(cached: boolean): number {
    const hidden = this.visibleFrom - (cached ? this.retentionMs : 0)
    if (!this.#indexed) return hidden
    const limit = this.#closedWindows === 'complete' ? this.#closed.value : this.closableFrom
    return Math.min(hidden, limit)
  }
}

/** Name of the number that holds the greatest time written to a windowed store. */
export function observedNumber(store: string): string {
  return `t/store/${store}`
}

/** Name, among the numbers that operators share, of the time before which the windows of a store have been sent on as closed. */
export function closedNumber(store: string): string {
  return `closed/${store}`
}
