import type { Row } from '@varve/serde'
import type { TableTableJoinNode } from '@varve/sql'

import type { TableFlow } from './flow.ts'
import { tableInput } from './inputs.ts'
import { joinRows } from './join-rows.ts'
import type { LoweringContext } from './lowering-context.ts'

/** Two tables side by side on their primary keys; a change of either changes the result. */
export function lowerTableTableJoin(node: TableTableJoinNode, context: LoweringContext): TableFlow {
  const left = tableInput(node.left, context)
  const right = tableInput(node.right, context)
  const join = joinRows(node.left.schema.valueColumns.length, node.right.schema.valueColumns.length)
  const materialized = context.pullStore(node)
  const options = { name: node.step, ...(materialized === undefined ? {} : { materialized }) }
  const table = (() => {
    switch (node.type) {
      case 'INNER':
        return left.table.join<Row, Row>(right.table, (l, r) => join(l, r), options)
      case 'LEFT':
        return left.table.leftJoin<Row, Row>(right.table, (l, r) => join(l, r), options)
      case 'RIGHT':
        return right.table.leftJoin<Row, Row>(left.table, (r, l) => join(l, r), options)
      case 'FULL':
        return left.table.outerJoin<Row, Row>(right.table, (l, r) => join(l, r), options)
    }
  })()
  return { kind: 'table', table, keySerde: left.keySerde, windowed: left.windowed }
}
