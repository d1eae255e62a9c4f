import type { Row } from '@varve/serde'
import type { TableSourceNode } from '@varve/sql'
import type { KTable, Materialized } from '@varve/streams'

import { headerExpression } from '../query/stored-headers.ts'
import { isChangeSource, lowerChangeTable } from './debezium-source.ts'
import type { PlanKey, TableFlow } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'
import { columnTimestamp } from './source-timestamp.ts'

/**
 * FROM a table.
 *
 * A table is read from its beginning whatever the session says about streams: half a table would be a wrong one.
 */
export function lowerTableSource(node: TableSourceNode, context: LoweringContext): TableFlow {
  if (isChangeSource(node)) return lowerChangeTable(node, context)
  const topic = { topic: node.topic, writes: false }
  const keySerde = context.keySerde(node.keyFormat, node.schema, topic)
  const store = context.pullStore(node)
  const keepsHeaders = store !== undefined && node.headerColumns.length > 0
  const table = context.builder.table(
    node.topic,
    {
      name: node.step,
      keySerde,
      valueSerde: context.valueSerde(node.valueFormat, node.schema.valueColumns, topic),
      onDeserializationError: context.failOnDeserializationError ? 'fail' : 'skip',
      onInvalidTimestamp: context.failOnInvalidTimestamp ? 'fail' : 'skip',
      offsetReset: 'earliest',
      ...(node.timestamp === undefined
        ? {}
        : { timestampExtractor: columnTimestamp(node.timestamp, node.schema, context.functions) }),
    },
    keepsHeaders
      ? undefined
      : (store ?? (node.materialized ? joinStore(node, context) : undefined)),
  )
  if (keepsHeaders) withHeaders(node, table, store, context)
  return { kind: 'table', table, keySerde, windowed: node.schema.window !== undefined }
}

/** Keeps rows with their header columns behind their value columns, for pull queries. */
function withHeaders(
  node: TableSourceNode,
  table: KTable<PlanKey, Row>,
  store: Materialized<PlanKey, Row>,
  context: LoweringContext,
): void {
  const headers = node.headerColumns.map((column) => context.compile(headerExpression(column)))
  const evaluation = context.evaluation(node.step, node.schema.window !== undefined)
  table.mapValues(
    (value, key, record) => {
      const keyRow = evaluation.moveTo(key, record)
      return [...value, ...headers.map((header) => header(keyRow, value, evaluation))]
    },
    { name: `${node.step}-Headers`, materialized: store },
  )
}

/** Where the rows rest that joins look up; in the store's own encodings, since a topic's may need a registry to write. */
function joinStore(node: TableSourceNode, context: LoweringContext): Materialized<PlanKey, Row> {
  return {
    store: `${node.step}-Materialize`,
    keySerde: context.storeKeySerde(node.schema),
    valueSerde: context.storeValueSerde(),
  }
}
