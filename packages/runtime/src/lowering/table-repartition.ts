import type { Row } from '@varve/serde'
import type { TableRepartitionNode } from '@varve/sql'
import type { KTable } from '@varve/streams'

import type { PlanKey, TableFlow } from './flow.ts'
import { tableInput } from './inputs.ts'
import type { LoweringContext } from './lowering-context.ts'

/** A table through an internal topic, with its keys in another format; what comes out is kept in a store of its own. */
export function lowerTableRepartition(
  node: TableRepartitionNode,
  context: LoweringContext,
): TableFlow {
  const input = tableInput(node.source, context)
  const topic = context.internalTopic(`${node.step}-SelectKey-repartition`)
  const keySerde = context.keySerde(node.formats.keyFormat, node.schema, topic)
  const table = input.table
    .toStream()
    .repartition({
      name: `${node.step}-SelectKey`,
      keySerde,
      valueSerde: context.valueSerde(node.formats.valueFormat, node.schema.valueColumns, topic),
    })
    .toTable({
      store: `${node.step}-Materialize`,
      keySerde: context.storeKeySerde(node.schema),
      valueSerde: context.storeValueSerde(),
    }) as KTable<PlanKey, Row>
  return { kind: 'table', table, keySerde, windowed: false }
}
