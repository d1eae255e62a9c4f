import { InvalidOptionError } from '@varve/base'

import type { ValueJoiner } from '../dsl/api.ts'
import type { StreamRecord } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { BytesStore } from '../state/bytes-store.ts'
import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableGetter, TableView } from './table-view.ts'
import { WaitingRecords } from './waiting-records.ts'

/** How the records of a stream meet a table. */
export interface StreamTableJoinOptions<K, V, VT, VR> {
  readonly view: TableView<K, VT>
  readonly joiner: ValueJoiner<K, V, VT | null, VR>
  readonly left: boolean
}

/** Looks up the table's row for each record: that of now, or with a versioned table that of the record's time. */
export class StreamTableJoinProcessor<K, V, VT, VR> extends BaseProcessor<K, V, K, VR> {
  readonly #options: StreamTableJoinOptions<K, V, VT, VR>
  #table!: TableGetter<K, VT>

  constructor(options: StreamTableJoinOptions<K, V, VT, VR>) {
    super()
    this.#options = options
  }

  override init(context: ProcessorContext<K, VR>): void {
    super.init(context)
    this.#table = this.#options.view.open(context)
  }

  process(record: StreamRecord<K, V>): void {
    if (this.accepts(record)) this.join(record)
  }

  /** Counts a record that no join can use. */
  protected accepts({ key, value }: StreamRecord<K, V>): boolean {
    if (value !== null && (key !== null || this.#options.left)) return true
    this.context.drop('null-key-or-value')
    return false
  }

  protected join(record: StreamRecord<K, V>): void {
    const { key, value, timestamp, headers } = record
    const { joiner, left } = this.#options
    const table = this.#table
    const row =
      key === null
        ? undefined
        : table.getAsOf === undefined
          ? table.get(key, record)
          : table.getAsOf(key, timestamp, record)
    if (row === undefined && !left) return
    this.context.forward({ key, value: joiner(value, row?.value ?? null, key), timestamp, headers })
  }
}

/** Where and how long the records of a stream wait for late updates of a versioned table. */
export interface GraceOptions<K, V> {
  readonly graceMs: number
  readonly nullKeys: 'fail' | 'unmatched'
  readonly store: string
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
}

/**
 * The same with a grace: a record waits until stream time has passed its own by that much. One that is older already is joined at once,
 * before those that have waited.
 */
export class WaitingStreamTableJoinProcessor<K, V, VT, VR> extends StreamTableJoinProcessor<
  K,
  V,
  VT,
  VR
> {
  readonly #grace: GraceOptions<K, V>
  #waiting!: WaitingRecords<K, V>
  #observed!: PersistedNumber

  constructor(options: StreamTableJoinOptions<K, V, VT, VR>, grace: GraceOptions<K, V>) {
    super(options)
    this.#grace = grace
  }

  override init(context: ProcessorContext<K, VR>): void {
    super.init(context)
    const { store, keySerde, valueSerde } = this.#grace
    this.#waiting = new WaitingRecords(
      context.store<BytesStore>(store),
      keySerde,
      valueSerde,
      context.persistedNumber('sequence', 0),
    )
    this.#observed = context.persistedNumber('observed', -1)
  }

  override process(record: StreamRecord<K, V>): void {
    if (!this.accepts(record)) return
    const { graceMs, nullKeys } = this.#grace
    if (record.key === null) {
      if (nullKeys === 'fail') {
        throw new InvalidOptionError(
          'nullKeys',
          'a record with a null key cannot wait for a versioned table',
        )
      }
      this.join(record)
      return
    }
    if (record.timestamp < this.#observed.value - graceMs) this.join(record)
    else {
      if (record.timestamp > this.#observed.value) this.#observed.value = record.timestamp
      this.#waiting.add(record)
    }
    for (const waited of this.#waiting.takeUntil(this.#observed.value - graceMs)) this.join(waited)
  }
}
