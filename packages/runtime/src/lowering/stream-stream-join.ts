import type { Row } from '@varve/serde'
import type { StreamStreamJoinNode } from '@varve/sql'
import type { Serde } from '@varve/streams'

import type { StreamFlow } from './flow.ts'
import { streamInput } from './inputs.ts'
import { joinRows } from './join-rows.ts'
import type { LoweringContext } from './lowering-context.ts'

const dayMs = 24 * 3_600_000

/** Rows of two streams that lie within a span of each other. */
export function lowerStreamStreamJoin(
  node: StreamStreamJoinNode,
  context: LoweringContext,
): StreamFlow {
  const left = streamInput(node.left, context)
  const right = streamInput(node.right, context)
  const join = joinRows(node.left.schema.valueColumns.length, node.right.schema.valueColumns.length)
  const eager = node.graceMs === undefined
  const rowSerde = context.storeValueSerde() as Serde<Row | null>
  // The DSL knows left joins only: a right join is a left one with the sides and the span turned round.
  const swapped = node.type === 'RIGHT'
  const type = node.type === 'INNER' ? 'inner' : node.type === 'FULL' ? 'outer' : 'left'
  const beforeMs = swapped ? node.afterMs : node.beforeMs
  const afterMs = swapped ? node.beforeMs : node.afterMs
  const options = {
    name: node.step,
    type,
    keySerde: context.storeKeySerde(node.left.schema),
    store: node.step,
    eager,
    windows: {
      beforeMs,
      afterMs,
      // Without GRACE PERIOD ksqlDB keeps a day, less the first span twice.
      graceMs: node.graceMs ?? Math.max(0, dayMs - 2 * node.beforeMs),
    },
  } as const
  const stream = swapped
    ? right.stream.joinStream<Row | null, Row | null>(left.stream, (r, l) => join(l, r), {
        ...options,
        leftSerde: rowSerde,
        rightSerde: rowSerde,
      })
    : left.stream.joinStream<Row | null, Row | null>(right.stream, (l, r) => join(l, r), {
        ...options,
        leftSerde: rowSerde,
        rightSerde: rowSerde,
      })
  return { kind: 'stream', stream, keySerde: left.keySerde, windowed: left.windowed }
}
