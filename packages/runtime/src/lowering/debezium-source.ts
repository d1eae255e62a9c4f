import { UNAVAILABLE } from '@varve/cdc-debezium'
import type { Column, Columns, Row, SqlType, Value } from '@varve/serde'
import { changeColumnNames, type StreamSourceNode, type TableSourceNode } from '@varve/sql'
import type { Consumed, Materialized, Serde } from '@varve/streams'

import { ChangeReader, type PartialRow, type RowEvent } from '../debezium/change-reader.ts'
import { nextState, visibleRow } from '../debezium/table-state.ts'
import { EngineError } from '../engine/engine-error.ts'
import type { PlanKey, StreamFlow, TableFlow } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'
import { columnTimestamp } from './source-timestamp.ts'

/** Whether a source's records are change events. */
export function isChangeSource(node: StreamSourceNode | TableSourceNode): boolean {
  return node.valueFormat.format.startsWith('DEBEZIUM_')
}

/** FROM a stream of change events: each is a row of its new values, with the event's own columns beside them. */
export function lowerChangeStream(node: StreamSourceNode, context: LoweringContext): StreamFlow {
  const { keyColumns, valueColumns } = node.schema
  const before = valueColumns.find(({ name }) => name === 'BEFORE')
  const row = rowColumnsOf(node.schema.valueColumns, keyColumns)
  const toRow = changeRow(valueColumns, before === undefined ? [] : fieldsOf(before.type), [
    ...keyColumns,
    ...row,
  ])
  const consumed = consume(node, row, context, toRow)
  const stream = context.builder
    .stream(node.topic, {
      ...consumed,
      name: node.step,
      ...(context.offsetReset === undefined ? {} : { offsetReset: context.offsetReset }),
    })
    .filter((_, { kind }) => kind !== 'tombstone', { name: `${node.step}-Changes` })
    .mapValues<Row | null>(
      (event) => {
        requireSound(event, node)
        return toRow(event)
      },
      { name: `${node.step}-Rows` },
    )
  return { kind: 'stream', stream, keySerde: consumed.keySerde, windowed: false }
}

/**
 * FROM a table of change events: the rows themselves. Each row is kept with its place in the source's log, so that what a connector sends again changes
 * nothing, and columns that were not sent keep their value.
 */
export function lowerChangeTable(node: TableSourceNode, context: LoweringContext): TableFlow {
  const { keyColumns, valueColumns } = node.schema
  const storeKeySerde = context.storeKeySerde(node.schema)
  const consumed = consume(node, valueColumns, context, ({ after }) =>
    after === null ? null : after.slice(keyColumns.length).map(nullFor),
  )
  const evaluation = context.evaluation(node.step, false)
  const states = context.builder
    .stream(node.topic, { ...consumed, name: `${node.step}-Events`, offsetReset: 'earliest' })
    .mapValues<RowEvent>(
      (event) => {
        requireSound(event, node)
        return event
      },
      { name: `${node.step}-Sound` },
    )
    .groupByKey({ keySerde: consumed.keySerde })
    .aggregate<Row | null>(
      () => null,
      (key, event, state, record) => {
        const next = nextState(state, event, keyColumns.length)
        if (next.unknown.length > 0) {
          evaluation.moveTo(key, record)
          const names = next.unknown.map((i) => valueColumns[i - keyColumns.length]!.name)
          context.reportDropped(
            node.step,
            `not sent and not known, so null: ${names.join(', ')}`,
            evaluation,
          )
        }
        return next.state
      },
      {
        store: `${node.step}-Changes`,
        keySerde: storeKeySerde,
        valueSerde: context.storeValueSerde() as Serde<Row | null>,
        // Each change must be seen by itself, to leave out those that told nothing new.
        caching: false,
      },
      { name: `${node.step}-Apply` },
    )
  const table = states
    .toChangeStream({ name: `${node.step}-ToChanges` })
    .filter((_, { newValue, oldValue }) => newValue !== oldValue, {
      name: `${node.step}-News`,
    })
    .mapValues(({ newValue }) => (newValue === null ? null : visibleRow(newValue)) as Row, {
      name: `${node.step}-Rows`,
    })
    .toTable(rowStore(node, context, storeKeySerde), { name: node.step })
  return { kind: 'table', table, keySerde: consumed.keySerde, windowed: false }
}

function rowStore(
  node: TableSourceNode,
  context: LoweringContext,
  keySerde: Serde<PlanKey>,
): Materialized<PlanKey, Row> | undefined {
  const pull = context.pullStore(node)
  if (pull !== undefined || !node.materialized) return pull
  return { store: `${node.step}-Materialize`, keySerde, valueSerde: context.storeValueSerde() }
}

/** How the topic is read: records as a whole, since key, value and headers belong together. */
function consume(
  node: StreamSourceNode | TableSourceNode,
  rowColumns: Columns,
  context: LoweringContext,
  toRow: (event: RowEvent) => Row | null,
): Consumed<PlanKey, RowEvent> {
  const reader: ChangeReader = new ChangeReader({
    format: node.valueFormat,
    keyFormat: node.keyFormat,
    keyColumns: node.schema.keyColumns,
    rowColumns,
    keySerde: context.rowKeySerde(node.keyFormat, node.schema.keyColumns, node.topic),
    registry: context.registry,
  })
  const keySerde = context.keySerde(node.keyFormat, node.schema, {
    topic: node.topic,
    writes: false,
  })
  const prepare = (): Promise<void> => reader.prepare()
  const time =
    node.timestamp === undefined
      ? undefined
      : columnTimestamp(node.timestamp, node.schema, context.functions)
  return {
    keySerde: { ...wrap(keySerde), prepare },
    valueSerde: { serialize: refuse, deserialize: refuse, prepare },
    decode: (record) => {
      const event = reader.read(record)
      return event && { key: event.key, value: event }
    },
    onDeserializationError: context.failOnDeserializationError ? 'fail' : 'skip',
    onInvalidTimestamp: context.failOnInvalidTimestamp ? 'fail' : 'skip',
    ...(time === undefined
      ? {}
      : { timestampExtractor: (key, event, record) => time(key, toRow(event), record) }),
  }
}

function wrap(serde: Serde<PlanKey>): Serde<PlanKey> {
  return {
    serialize: (key) => serde.serialize(key),
    deserialize: (bytes) => serde.deserialize(bytes),
  }
}

function refuse(): never {
  throw new EngineError('failed', 'change events are read as whole records')
}

/** Ends the query where going on would mean wrong rows. */
function requireSound(event: RowEvent, node: StreamSourceNode | TableSourceNode): void {
  const source = `${node.kind === 'tableSource' ? 'table' : 'stream'} ${node.sourceName}`
  if (event.broken !== undefined)
    throw new EngineError(
      'failed',
      `the source of ${source} has changed: ${event.broken}. Drop it and create it again with the columns that are sent now.`,
    )
  if (event.kind === 'truncate' && node.kind === 'tableSource')
    throw new EngineError(
      'failed',
      `the source of ${source} was truncated, which its partitions cannot follow. Create it again over a topic that is filled anew, or let the connector leave truncates out (skipped.operations=t).`,
    )
}

/** The columns of the row among those of a stream, whose own names come first. */
function rowColumnsOf(valueColumns: Columns, keyColumns: Columns): Columns {
  const after = valueColumns.find(({ name }) => name === 'AFTER')
  if (after?.type.kind !== 'STRUCT')
    return valueColumns.filter(({ name }) => !changeColumnNames.includes(name))
  const keys = new Set(keyColumns.map(({ name }) => name))
  return after.type.fields.filter(({ name }) => !keys.has(name))
}

function fieldsOf(type: SqlType): readonly Column[] {
  return type.kind === 'STRUCT' ? type.fields : []
}

/** Makes the row of a stream out of an event. */
function changeRow(
  valueColumns: Columns,
  fields: readonly Column[],
  sent: Columns,
): (event: RowEvent) => Row {
  const at = new Map(sent.map(({ name }, i) => [name, i]))
  const image = (row: PartialRow | null): Value =>
    row === null ? null : fields.map(({ name }) => nullFor(row[at.get(name) ?? -1] ?? null))
  const columns = valueColumns.map(({ name }): ((event: RowEvent) => Value) => {
    switch (name) {
      case 'OP':
        return ({ op }) => op
      case 'BEFORE':
        return ({ before }) => image(before)
      case 'AFTER':
        return ({ after }) => image(after)
      case 'SOURCE_TIME':
        return ({ timeMs }) => timeMs
      case 'UNAVAILABLE':
        return ({ after }) =>
          after === null
            ? null
            : sent.filter((_, i) => after[i] === UNAVAILABLE).map((column) => column.name)
      default:
        return ({ after }) => nullFor(after?.[at.get(name) ?? -1] ?? null)
    }
  })
  return (event) => columns.map((column) => column(event))
}

function nullFor(value: Value | typeof UNAVAILABLE): Value {
  return value === UNAVAILABLE ? null : value
}
