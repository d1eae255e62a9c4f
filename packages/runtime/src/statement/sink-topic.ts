import type { SinkTopic } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import type { TopicToCreate } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'

/** The topic of a query's sink, when it has to be created. */
export function sinkTopicToCreate(
  topic: SinkTopic,
  context: StatementContext,
): TopicToCreate | undefined {
  const existing = context.topics.get(topic.name)
  if (existing !== undefined) {
    if (topic.partitions !== undefined && topic.partitions !== existing.partitions) {
      throw new EngineError(
        'statement',
        `A Kafka topic with the name '${topic.name}' already exists, with different partition/replica configuration than required. KSQL expects ${topic.partitions} partitions (topic has ${existing.partitions}).`,
      )
    }
    return undefined
  }
  return {
    name: topic.name,
    partitions: topic.partitions ?? 1,
    ...(topic.replicas === undefined ? {} : { replicas: topic.replicas }),
    configs: {
      'cleanup.policy': topic.cleanupPolicy,
      ...(topic.retentionMs === undefined ? {} : { 'retention.ms': String(topic.retentionMs) }),
    },
  }
}
