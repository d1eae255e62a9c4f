import { EngineError } from '../engine/engine-error.ts'
import type { StatementContext } from './statement-context.ts'

/** Whether a statement's topic is there. @throws EngineError when it is, with another number of partitions than the statement names */
export function topicExists(
  topic: { readonly name: string; readonly partitions?: number | undefined },
  context: StatementContext,
): boolean {
  const existing = context.topics.get(topic.name)
  if (existing === undefined) return false
  if (topic.partitions !== undefined && topic.partitions !== existing.partitions) {
    throw new EngineError(
      'statement',
      `A Kafka topic with the name '${topic.name}' already exists, with different partition/replica configuration than required. KSQL expects ${topic.partitions} partitions (topic has ${existing.partitions}).`,
    )
  }
  return true
}
