import type { Row } from '@varve/serde'
import type { ForeignKeyJoinNode } from '@varve/sql'

import type { PlanKey, TableFlow } from './flow.ts'
import { tableInput } from './inputs.ts'
import { joinRows } from './join-rows.ts'
import type { LoweringContext } from './lowering-context.ts'

/**
 * A table with the rows of another one that it refers to. Messages between the two sides carry keys and rows in the encodings of stores; only the
 * foreign key itself must have the bytes that the right table's topic is partitioned by.
 */
export function lowerForeignKeyJoin(node: ForeignKeyJoinNode, context: LoweringContext): TableFlow {
  const left = tableInput(node.left, context)
  const right = tableInput(node.right, context)
  const foreignKey = context.compile(node.foreignKey)
  const evaluation = context.evaluation(node.step, left.windowed)
  const leftCount = node.left.schema.valueColumns.length
  const join = joinRows(leftCount, node.right.schema.valueColumns.length)
  const rows = context.storeValueSerde()
  const materialized = context.pullStore(node)
  // Evaluated ahead of the join, where a failure can be told with its record; the last value of the row.
  const referring = left.table.mapValues(
    (value, key, record): Row => [
      ...value,
      foreignKey(evaluation.moveTo(key, record), value, evaluation),
    ],
    { name: `${node.step}-foreign-key` },
  )
  const table = referring.joinForeignKey<PlanKey, Row, Row>(
    right.table,
    (value) => {
      const reference = value[leftCount] ?? null
      return reference === null ? null : [reference]
    },
    (l, r) => join(l, r),
    {
      name: node.step,
      type: node.type === 'LEFT' ? 'left' : 'inner',
      keySerde: context.storeKeySerde(node.left.schema),
      valueSerde: rows,
      foreignKeySerde: right.keySerde,
      foreignValueSerde: rows,
      resultSerde: rows,
      ...(materialized === undefined ? {} : { materialized }),
    },
  )
  return { kind: 'table', table, keySerde: left.keySerde, windowed: false }
}
