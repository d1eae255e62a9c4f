import type { SinkTopic } from '@varve/sql'

import type { TopicToCreate } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'
import { topicExists } from './topic-exists.ts'

/** The topic of a query's sink, when it has to be created. */
export function sinkTopicToCreate(
  topic: SinkTopic,
  context: StatementContext,
): TopicToCreate | undefined {
  if (topicExists(topic, context)) return undefined
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
