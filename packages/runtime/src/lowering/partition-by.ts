import type { Row, Value } from '@varve/serde'
import type { PartitionByNode } from '@varve/sql'

import type { PlanKey, StreamFlow } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'
import { streamInput } from './inputs.ts'

/** PARTITION BY, and the re-keying in front of joins. */
export function lowerPartitionBy(node: PartitionByNode, context: LoweringContext): StreamFlow {
  const input = streamInput(node.source, context)
  const keys = node.keys.map((key) => context.compile(key))
  const evaluation = context.evaluation(node.step, input.windowed)
  const topic = context.internalTopic(`${node.step}-repartition`)
  const keySerde = context.keySerde(node.formats.keyFormat, node.schema, topic)
  const keyed = input.stream.selectKey<PlanKey>(
    (key, value, record) => {
      if (keys.length === 0) return null
      const keyRow = evaluation.moveTo(key, record)
      const row: Value[] = keys.map((evaluate, i) =>
        value === null && node.keysUseValue[i] === true
          ? null
          : evaluate(keyRow, value, evaluation),
      )
      return row.length === 1 && row[0] === null ? null : (row as Row)
    },
    { name: node.step },
  )
  if (!node.repartition) return { kind: 'stream', stream: keyed, keySerde, windowed: false }
  const stream = keyed.repartition({
    name: node.step,
    keySerde,
    valueSerde: context.valueSerde(node.formats.valueFormat, node.schema.valueColumns, topic),
  })
  return { kind: 'stream', stream, keySerde, windowed: false }
}
