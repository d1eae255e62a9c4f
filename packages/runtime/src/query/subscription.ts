import { VarveError } from '@varve/base'
import type { ConsumerRecord, Kafka } from '@varve/kafka'
import type { Row } from '@varve/serde'
import type { DataSource } from '@varve/sql'
import type { Serde } from '@varve/streams'

import { keyRowOf, type PlanKey } from '../lowering/flow.ts'
import { changeColumns } from '../result/change-json.ts'
import { createRowShaper, type RowShaper } from '../result/row-object.ts'
import type { Change } from './change.ts'
import { readTopic } from './topic-tail.ts'

/** Options of {@link Engine.subscribe}. */
export interface SubscribeOptions {
  /** `latest` (default): changes from now on. `earliest`: everything the topic still holds first. */
  readonly from?: 'earliest' | 'latest'
  readonly signal?: AbortSignal
  /** Rows of a table remembered to tell what was before; beyond it the subscription fails. Default 1,000,000. */
  readonly rowsMax?: number
}

/** What {@link subscribeTo} needs. */
export interface SubscriptionRequest {
  readonly kafka: Kafka
  readonly source: DataSource
  readonly keySerde: Serde<PlanKey>
  readonly valueSerde: Serde<Row | null>
  readonly options: SubscribeOptions
  readonly signal: AbortSignal
  /** Called once, when the subscription is over. */
  readonly onClosed: () => void
  /** A record that does not decode is passed over. */
  readonly onUndecodable: (record: ConsumerRecord, error: unknown) => void
}

/**
 * The committed changes of a source, read from its topic.
 *
 * A table's topic is read from its beginning in any case: what a row was before is only known to who saw it.
 */
export async function* subscribeTo(request: SubscriptionRequest): AsyncGenerator<Change> {
  const { kafka, source, options, signal } = request
  const isTable = source.kind === 'TABLE'
  const showHistory = options.from === 'earliest'
  const toChange = isTable ? tableChanges(request) : streamChanges(request)
  const batches = readTopic(kafka, source.topic, {
    from: isTable || showHistory ? 'earliest' : 'latest',
    toCurrentEnd: false,
    signal,
  })
  try {
    for await (const { records, history } of batches) {
      for (const record of records) {
        const decoded = await decode(record, request)
        if (decoded === undefined) continue
        const change = toChange(record, decoded)
        if (change !== undefined && (showHistory || !history)) yield change
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    request.onClosed()
  }
}

interface Decoded {
  readonly key: PlanKey
  readonly value: Row | null
}

type ChangeReader = (record: ConsumerRecord, decoded: Decoded) => Change | undefined

function streamChanges(request: SubscriptionRequest): ChangeReader {
  const shape = shapers(request.source)
  return (record, { key, value }) => ({
    kind: 'insert',
    key: shape.key(key),
    before: undefined,
    after: value === null ? undefined : shape.row(key, value),
    ...placeOf(record),
  })
}

function tableChanges(request: SubscriptionRequest): ChangeReader {
  const shape = shapers(request.source)
  const rowsMax = request.options.rowsMax ?? 1_000_000
  const known = new Map<string, Row>()
  return (record, { key, value }) => {
    if (record.key === null) return undefined
    const id = `${record.partition}:${Buffer.from(record.key).toString('latin1')}`
    const old = known.get(id)
    if (value === null) known.delete(id)
    else known.set(id, value)
    if (known.size > rowsMax) {
      throw new VarveError(
        'VARVE_BUSY',
        `subscription to "${request.source.name}" remembers more than ${rowsMax} rows`,
      )
    }
    if (old === undefined && value === null) return undefined
    return {
      kind: old === undefined ? 'insert' : value === null ? 'delete' : 'update',
      key: shape.key(key),
      before: old === undefined ? undefined : shape.row(key, old),
      after: value === null ? undefined : shape.row(key, value),
      ...placeOf(record),
    }
  }
}

function placeOf(
  record: ConsumerRecord,
): Pick<Change, 'timestamp' | 'topic' | 'partition' | 'offset'> {
  const { timestamp, topic, partition, offset } = record
  return { timestamp, topic, partition, offset }
}

function shapers(source: DataSource): {
  key: (key: PlanKey) => Record<string, unknown> | null
  row: (key: PlanKey, value: Row) => Record<string, unknown>
} {
  const windowed = source.window !== undefined
  const columns = changeColumns(source)
  const shapeKey: RowShaper = createRowShaper(columns.key)
  const shapeRow: RowShaper = createRowShaper(columns.row)
  const keyValues = (key: PlanKey): Row => {
    if (key === null) return source.keyColumns.map(() => null)
    const row = keyRowOf(key, windowed)!
    if (!windowed || !('window' in key)) return row
    return [...row, key.window.start, key.window.end]
  }
  return {
    key: (key) => (key === null ? null : shapeKey(keyValues(key))),
    row: (key, value) => shapeRow([...keyValues(key), ...value]),
  }
}

async function decode(
  record: ConsumerRecord,
  request: SubscriptionRequest,
): Promise<Decoded | undefined> {
  try {
    return {
      key: await decodeSide(request.keySerde, record.key),
      value: await decodeSide(request.valueSerde, record.value),
    }
  } catch (error) {
    request.onUndecodable(record, error)
    return undefined
  }
}

/** Decodes one side, fetching the writer's schema first where the bytes name one that is not loaded. */
export async function decodeSide<T>(serde: Serde<T>, bytes: Uint8Array | null): Promise<T> {
  try {
    return serde.deserialize(bytes)
  } catch (error) {
    if (bytes === null || !(error instanceof Error) || error.name !== 'SchemaNotLoadedError')
      throw error
    await serde.prepare?.(bytes)
    return serde.deserialize(bytes)
  }
}
