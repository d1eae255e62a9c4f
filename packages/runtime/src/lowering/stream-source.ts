import type { StreamSourceNode } from '@varve/sql'

import { isChangeSource, lowerChangeStream } from './debezium-source.ts'
import type { StreamFlow } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'
import { columnTimestamp } from './source-timestamp.ts'

/** FROM a stream. */
export function lowerStreamSource(node: StreamSourceNode, context: LoweringContext): StreamFlow {
  if (isChangeSource(node)) return lowerChangeStream(node, context)
  const topic = { topic: node.topic, writes: false }
  const keySerde = context.keySerde(node.keyFormat, node.schema, topic)
  const stream = context.builder.stream(node.topic, {
    name: node.step,
    keySerde,
    valueSerde: context.valueSerde(node.valueFormat, node.schema.valueColumns, topic),
    onDeserializationError: context.failOnDeserializationError ? 'fail' : 'skip',
    onInvalidTimestamp: context.failOnInvalidTimestamp ? 'fail' : 'skip',
    ...(context.offsetReset === undefined ? {} : { offsetReset: context.offsetReset }),
    ...(node.timestamp === undefined
      ? {}
      : { timestampExtractor: columnTimestamp(node.timestamp, node.schema, context.functions) }),
  })
  return { kind: 'stream', stream, keySerde, windowed: node.schema.window !== undefined }
}
