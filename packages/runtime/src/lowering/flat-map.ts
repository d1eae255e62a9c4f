import type { Row, Value } from '@varve/serde'
import type { FlatMapNode } from '@varve/sql'

import type { StreamFlow } from './flow.ts'
import { streamInput } from './inputs.ts'
import type { LoweringContext } from './lowering-context.ts'

/** Table functions: a row becomes as many as the longest list has elements, shorter lists padded with null. */
export function lowerFlatMap(node: FlatMapNode, context: LoweringContext): StreamFlow {
  const input = streamInput(node.source, context)
  const functions = node.functions.map((call) => context.compile(call))
  const evaluation = context.evaluation(node.step, input.windowed)
  const stream = input.stream.flatMapValues<Row | null>(
    (value, key, record) => {
      if (value === null) return []
      const keyRow = evaluation.moveTo(key, record)
      const lists = functions.map(
        (call) => (call(keyRow, value, evaluation) ?? []) as readonly Value[],
      )
      const count = lists.reduce((most, list) => Math.max(most, list.length), 0)
      return Array.from({ length: count }, (_, i): Row => [
        ...value,
        ...lists.map((list) => list[i] ?? null),
      ])
    },
    { name: node.step },
  )
  return { ...input, stream }
}
