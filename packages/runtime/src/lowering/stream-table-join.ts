import type { Row } from '@varve/serde'
import type { StreamTableJoinNode } from '@varve/sql'

import type { StreamFlow } from './flow.ts'
import { streamInput, tableInput } from './inputs.ts'
import { joinRows } from './join-rows.ts'
import type { LoweringContext } from './lowering-context.ts'

/** A stream's rows beside the table's row of now. The table side never sends anything. */
export function lowerStreamTableJoin(
  node: StreamTableJoinNode,
  context: LoweringContext,
): StreamFlow {
  const left = streamInput(node.left, context)
  const right = tableInput(node.right, context)
  const join = joinRows(node.left.schema.valueColumns.length, node.right.schema.valueColumns.length)
  // A null value is a deletion to nobody here: it joins nothing, on the left join neither.
  const rows = left.stream.filter((_key, value) => value !== null)
  const joined = { name: node.step, keySerde: left.keySerde }
  const stream =
    node.type === 'INNER'
      ? rows.join<Row, Row | null>(right.table, (l, r) => join(l, r), joined)
      : rows.leftJoin<Row, Row | null>(right.table, (l, r) => join(l, r), joined)
  return { kind: 'stream', stream, keySerde: left.keySerde, windowed: left.windowed }
}
