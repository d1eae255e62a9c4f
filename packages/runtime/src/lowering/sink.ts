import type { SinkNode } from '@varve/sql'

import type { Flow } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'
import { columnTimestamp } from './source-timestamp.ts'

/** Name that the sink node of every query has in its topology: whom subscribers listen to. */
const sinkNodeName = 'Sink'

/** The topic of the stream or table that the query makes. Returns what flows into it. */
export function lowerSink(node: SinkNode, context: LoweringContext): Flow {
  const input = context.lower(node.source)
  const topic = { topic: node.topic, writes: true, sourceName: node.sinkName }
  const produced = {
    name: sinkNodeName,
    keySerde: context.keySerde(node.keyFormat, node.schema, topic),
    valueSerde: context.valueSerde(node.valueFormat, node.schema.valueColumns, topic),
    ...(node.timestamp === undefined
      ? {}
      : { timestampExtractor: columnTimestamp(node.timestamp, node.schema, context.functions) }),
  }
  if (input.kind === 'stream') input.stream.to(node.topic, produced)
  else input.table.toStream().to(node.topic, produced)
  return input
}
