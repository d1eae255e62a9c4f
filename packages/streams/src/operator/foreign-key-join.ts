import type { Change, StreamRecord, ValueAndTimestamp } from '../record.ts'
import type { Serde } from '../serde.ts'
import type { BytesStore } from '../state/bytes-store.ts'
import { keyBytesOf } from '../state/key-value-store.ts'
import { byteString } from '../state/sorted-byte-map.ts'
import type { ProcessorContext } from '../topology/processor.ts'
import {
  hashesEqual,
  SubscriptionInstruction as Instruction,
  subscriptionSerde,
  valueHash,
  type Subscription,
  type SubscriptionAnswer,
} from './foreign-key-messages.ts'
import { BaseProcessor } from './stateless.ts'
import type { TableGetter, TableView } from './table-view.ts'

/** What the parts of a foreign-key join agree on. Source of the protocol: KIP-213. */
export interface ForeignKeyJoinSettings<K, V, KO, VO, VR> {
  readonly left: boolean
  readonly foreignKey: (value: V, key: K) => KO | null
  readonly joiner: (left: V, right: VO | null, key: K) => VR
  readonly keySerde: Serde<K>
  readonly valueSerde: Serde<V>
  readonly foreignKeySerde: Serde<KO>
  readonly foreignValueSerde: Serde<VO>
  /** Store of subscriptions: `[length of the foreign key, 4 bytes][foreign key][primary key]` → subscription. */
  readonly store: string
}

function hashOf<V>(serde: Serde<V>, value: V | null): Uint8Array | null {
  const bytes = value === null ? null : serde.serialize(value)
  return bytes === null ? null : valueHash(bytes)
}

/** Left side: tells the right side which row each left row refers to, and no longer refers to. */
export class SubscriptionSendProcessor<K, V, KO, VO, VR> extends BaseProcessor<
  K,
  Change<V>,
  KO | null,
  Subscription
> {
  readonly #settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>
  #partition = 0

  constructor(settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>) {
    super()
    this.#settings = settings
  }

  override init(context: ProcessorContext<KO | null, Subscription>): void {
    super.init(context)
    this.#partition = Number(context.taskId.split('_')[1])
  }

  process(record: StreamRecord<K, Change<V>>): void {
    if (record.key === null) {
      this.context.drop('null-key')
      return
    }
    const { oldValue, newValue, outOfOrder } = record.value
    if (outOfOrder === true) {
      this.context.drop('out-of-order')
      return
    }
    const before = oldValue === null ? null : this.#settings.foreignKey(oldValue, record.key)
    const after = newValue === null ? null : this.#settings.foreignKey(newValue, record.key)
    if (this.#settings.left) this.#sendLeft(record, before, after)
    else this.#sendInner(record, before, after)
  }

  #sendLeft(record: StreamRecord<K, Change<V>>, before: KO | null, after: KO | null): void {
    const { oldValue, newValue } = record.value
    if (oldValue === null && newValue === null) return
    if (before !== null && !this.#sameKey(before, after)) {
      this.#send(record, before, Instruction.Forget)
    }
    this.#send(record, after, Instruction.AnswerAlways)
  }

  #sendInner(record: StreamRecord<K, Change<V>>, before: KO | null, after: KO | null): void {
    const { oldValue, newValue } = record.value
    if (oldValue === null) {
      if (newValue === null) return
      if (after === null) this.context.drop('null-key')
      else this.#send(record, after, Instruction.AnswerIfPresent)
    } else if (before === null) {
      if (after === null) this.context.drop('null-key')
      else this.#send(record, after, Instruction.AnswerIfPresent)
    } else if (after === null) this.#send(record, before, Instruction.ForgetAndAnswer)
    else if (this.#sameKey(before, after)) this.#send(record, after, Instruction.AnswerIfPresent)
    else {
      this.#send(record, before, Instruction.Forget)
      this.#send(record, after, Instruction.AnswerAlways)
    }
  }

  #send(record: StreamRecord<K, Change<V>>, foreignKey: KO | null, instruction: Instruction): void {
    const { keySerde, valueSerde } = this.#settings
    this.context.forward({
      key: foreignKey,
      value: {
        instruction,
        partition: this.#partition,
        hash: hashOf(valueSerde, record.value.newValue),
        primaryKey: keyBytesOf(keySerde, record.key),
      },
      timestamp: record.timestamp,
      headers: record.headers,
    })
  }

  #sameKey(a: KO, b: KO | null): boolean {
    if (b === null) return false
    const { foreignKeySerde } = this.#settings
    return byteString(keyBytesOf(foreignKeySerde, a)) === byteString(keyBytesOf(foreignKeySerde, b))
  }
}

function prefixOf(foreignKey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + foreignKey.length)
  new DataView(bytes.buffer).setUint32(0, foreignKey.length)
  bytes.set(foreignKey, 4)
  return bytes
}

/** Right side: keeps subscriptions and answers each with the row of now. Keys of answers are the bytes of left keys. */
export class SubscriptionJoinProcessor<K, V, KO, VO, VR> extends BaseProcessor<
  KO | null,
  Subscription,
  Uint8Array,
  SubscriptionAnswer
> {
  readonly #settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>
  readonly #view: TableView<KO, VO>
  #subscriptions!: BytesStore
  #table!: TableGetter<KO, VO>

  constructor(settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>, view: TableView<KO, VO>) {
    super()
    this.#settings = settings
    this.#view = view
  }

  override init(context: ProcessorContext<Uint8Array, SubscriptionAnswer>): void {
    super.init(context)
    this.#subscriptions = context.store<BytesStore>(this.#settings.store)
    this.#table = this.#view.open(context)
  }

  process(record: StreamRecord<KO | null, Subscription>): void {
    const { key, value: subscription, timestamp } = record
    const { instruction, primaryKey } = subscription
    const keeps =
      instruction === Instruction.AnswerAlways || instruction === Instruction.AnswerIfPresent
    let row: ValueAndTimestamp<VO> | undefined
    if (key !== null) {
      const prefix = prefixOf(keyBytesOf(this.#settings.foreignKeySerde, key))
      const storeKey = new Uint8Array(prefix.length + primaryKey.length)
      storeKey.set(prefix)
      storeKey.set(primaryKey, prefix.length)
      const kept = keeps ? subscriptionSerde.serialize(subscription) : null
      this.#subscriptions.rows.put(storeKey, kept, timestamp)
      row = this.#table.get(key, record)
    }
    if (instruction === Instruction.Forget) return
    if (instruction === Instruction.AnswerIfPresent && row === undefined) return
    const answered = keeps ? row : undefined
    this.context.forward({
      key: primaryKey,
      value: {
        partition: subscription.partition,
        hash: subscription.hash,
        value:
          answered === undefined
            ? null
            : this.#settings.foreignValueSerde.serialize(answered.value),
      },
      timestamp: row === undefined ? timestamp : Math.max(timestamp, row.timestamp),
      headers: record.headers,
    })
  }
}

/** Right side: a changed row answers all subscriptions to it, in order of the left keys' bytes. */
export class ForeignTableJoinProcessor<K, V, KO, VO, VR> extends BaseProcessor<
  KO,
  Change<VO>,
  Uint8Array,
  SubscriptionAnswer
> {
  readonly #settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>
  #subscriptions!: BytesStore

  constructor(settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>) {
    super()
    this.#settings = settings
  }

  override init(context: ProcessorContext<Uint8Array, SubscriptionAnswer>): void {
    super.init(context)
    this.#subscriptions = context.store<BytesStore>(this.#settings.store)
  }

  process(record: StreamRecord<KO, Change<VO>>): void {
    if (record.key === null) {
      this.context.drop('null-key')
      return
    }
    if (record.value.outOfOrder === true) {
      this.context.drop('out-of-order')
      return
    }
    const { foreignKeySerde, foreignValueSerde } = this.#settings
    const { newValue } = record.value
    const value = newValue === null ? null : foreignValueSerde.serialize(newValue)
    const prefix = prefixOf(keyBytesOf(foreignKeySerde, record.key))
    for (const [storeKey, bytes] of this.#subscriptions.rows.scan({ gte: prefix })) {
      if (Buffer.compare(storeKey.subarray(0, prefix.length), prefix) !== 0) return
      const { partition, hash, primaryKey } = subscriptionSerde.deserialize(bytes)
      this.context.forward({
        key: primaryKey,
        value: { partition, hash, value },
        timestamp: record.timestamp,
        headers: record.headers,
      })
    }
  }
}

/** Left side: joins an answer with the left row it was for; one for an older value of the row is stale and dropped. */
export class AnswerJoinProcessor<K, V, KO, VO, VR> extends BaseProcessor<
  K,
  SubscriptionAnswer,
  K,
  VR | null
> {
  readonly #settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>
  readonly #view: TableView<K, V>
  #table!: TableGetter<K, V>

  constructor(settings: ForeignKeyJoinSettings<K, V, KO, VO, VR>, view: TableView<K, V>) {
    super()
    this.#settings = settings
    this.#view = view
  }

  override init(context: ProcessorContext<K, VR | null>): void {
    super.init(context)
    this.#table = this.#view.open(context)
  }

  process(record: StreamRecord<K, SubscriptionAnswer>): void {
    const { key, value: answer, timestamp, headers } = record
    const { left, joiner, valueSerde, foreignValueSerde } = this.#settings
    const row = this.#table.get(key, record)?.value ?? null
    if (!hashesEqual(hashOf(valueSerde, row), answer.hash)) {
      this.context.drop('stale')
      return
    }
    const gone = row === null || (answer.value === null && !left)
    const right = answer.value === null ? null : foreignValueSerde.deserialize(answer.value)
    this.context.forward({ key, value: gone ? null : joiner(row, right, key), timestamp, headers })
  }
}
