import type { JoinWindows } from '../dsl/windows.ts'
import type { StreamRecord } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { JoinOuterStore, JoinStore } from '../state/join-store.ts'
import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'
import { lookDue } from './closing-schedule.ts'
import { BaseProcessor } from './stateless.ts'

/** {@link JoinTime.earliestUnmatched} while nothing waits. */
const noneUnmatched = Number.MAX_SAFE_INTEGER

/** Time of a join, shared by its two sides in one task. */
export interface JoinTime {
  readonly streamTime: PersistedNumber
  /**
   * What decides whether a look for closed rows is worth while: the time of the last row looked at, or of the oldest that came since.
   * Kafka Streams' measure, and late where several rows stay open: then closed ones wait for one of the next records.
   */
  readonly earliestUnmatched: PersistedNumber
  /** Wall clock of the next look for closed rows; 0 before the first. */
  readonly nextLook: PersistedNumber
}

function joinTime(name: string, context: ProcessorContext): JoinTime {
  return {
    streamTime: context.sharedNumber(`${name}/stream-time`, -1),
    earliestUnmatched: context.sharedNumber(`${name}/earliest-unmatched`, noneUnmatched),
    nextLook: context.sharedNumber(`${name}/next-look`, 0),
  }
}

/** What both sides of a stream-stream join agree on. */
export interface StreamJoinSettings<VL, VR> {
  readonly name: string
  readonly windows: JoinWindows
  readonly leftStore: string
  readonly rightStore: string
  /** Rows that wait for a match; absent for inner and eager joins. */
  readonly outerStore: string | undefined
  readonly leftSerde: Serde<VL>
  readonly rightSerde: Serde<VR>
  readonly nullValuesAge: boolean
}

/**
 * One side of a windowed join: keeps its records, looks for those of the other side, and sends out what found no match in time.
 * Unmatched records go out when stream time passes their time + the far side of their window + grace, in order of time.
 */
export class StreamStreamJoinProcessor<K, V, VO, VR> extends BaseProcessor<K, V, K, VR> {
  readonly #settings: StreamJoinSettings<unknown, unknown>
  readonly #isLeft: boolean
  /** This side's records also go out without a match. */
  readonly #outer: boolean
  readonly #joiner: (left: unknown, right: unknown, key: K) => VR
  readonly #beforeMs: number
  readonly #afterMs: number
  #own!: JoinStore<K, V>
  #other!: JoinStore<K, VO>
  #unmatched: JoinOuterStore<K> | undefined
  #time!: JoinTime

  constructor(
    settings: StreamJoinSettings<unknown, unknown>,
    isLeft: boolean,
    outer: boolean,
    joiner: (left: unknown, right: unknown, key: K) => VR,
  ) {
    super()
    this.#settings = settings
    this.#isLeft = isLeft
    this.#outer = outer
    this.#joiner = joiner
    const { beforeMs, afterMs } = settings.windows
    this.#beforeMs = isLeft ? beforeMs : afterMs
    this.#afterMs = isLeft ? afterMs : beforeMs
  }

  override init(context: ProcessorContext<K, VR>): void {
    super.init(context)
    const { leftStore, rightStore, outerStore } = this.#settings
    this.#own = context.store<JoinStore<K, V>>(this.#isLeft ? leftStore : rightStore)
    this.#other = context.store<JoinStore<K, VO>>(this.#isLeft ? rightStore : leftStore)
    this.#unmatched =
      outerStore === undefined ? undefined : context.store<JoinOuterStore<K>>(outerStore)
    this.#time = joinTime(this.#settings.name, context)
  }

  process(record: StreamRecord<K, V>): void {
    const { key, value, timestamp } = record
    const time = this.#time
    if (key !== null && value !== null) this.#own.put(key, value, timestamp)
    else if (key !== null && this.#settings.nullValuesAge) this.#own.observe(timestamp)
    if (timestamp > time.streamTime.value) time.streamTime.value = timestamp
    if (key === null && value !== null && this.#outer) {
      this.#forward(record, value, null, timestamp)
      return
    }
    if (key === null || value === null) {
      this.context.drop('null-key-or-value')
      return
    }
    if (timestamp === time.streamTime.value) this.#emitUnmatched(record)
    const from = Math.max(0, timestamp - this.#beforeMs)
    const to = Math.max(0, timestamp + this.#afterMs)
    const matches = this.#other.fetch(key, from, to)
    for (const match of matches) {
      this.#unmatched?.removeMatched(key, !this.#isLeft, match.timestamp)
      this.#forward(record, value, match.value, Math.max(timestamp, match.timestamp))
    }
    if (matches.length > 0 || !this.#outer) return
    if (this.#unmatched === undefined || to < time.streamTime.value) {
      this.#forward(record, value, null, timestamp)
      return
    }
    time.earliestUnmatched.value = Math.min(time.earliestUnmatched.value, timestamp)
    const serde = this.#isLeft ? this.#settings.leftSerde : this.#settings.rightSerde
    const bytes = serde.serialize(value)
    if (bytes !== null) this.#unmatched.add(key, this.#isLeft, timestamp, bytes)
  }

  #forward(record: StreamRecord<K, V>, own: V, other: VO | null, timestamp: number): void {
    const { key, headers } = record
    const value = this.#isLeft ? this.#joiner(own, other, key) : this.#joiner(other, own, key)
    this.context.forward({ key, value, timestamp, headers })
  }

  #emitUnmatched(record: StreamRecord<K, V>): void {
    const time = this.#time
    const store = this.#unmatched
    if (store === undefined) return
    const { beforeMs, afterMs, graceMs } = this.#settings.windows
    const now = time.streamTime.value
    const earliest = time.earliestUnmatched
    // Also a look that finds nothing waiting counts for the throttle, but for the narrowest of windows: as in Kafka Streams.
    const ahead = this.#afterMs + graceMs
    const open = earliest.value === noneUnmatched ? ahead === 0 : earliest.value + ahead >= now
    if (open || !lookDue(time.nextLook, this.context)) return
    earliest.value = noneUnmatched
    let leftOpen = false
    let rightOpen = false
    for (const row of store.all()) {
      earliest.value = row.timestamp
      if (leftOpen && rightOpen) break
      if (row.timestamp >= now - (row.left ? afterMs : beforeMs) - graceMs) {
        if (row.left) leftOpen = true
        else rightOpen = true
        continue
      }
      const value = row.left
        ? this.#joiner(this.#settings.leftSerde.deserialize(row.value), null, row.key)
        : this.#joiner(null, this.#settings.rightSerde.deserialize(row.value), row.key)
      store.remove(row)
      this.context.forward({
        key: row.key,
        value,
        timestamp: row.timestamp,
        headers: record.headers,
      })
    }
  }
}
