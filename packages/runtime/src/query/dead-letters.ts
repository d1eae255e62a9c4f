import { isVarveError } from '@varve/base'
import type { Kafka, ProducerRecord } from '@varve/kafka'
import type { PlanNode } from '@varve/sql'
import type { SkippedRecord } from '@varve/streams'

/**
 * What is written of records that could not be read, for sources that name a topic for them: key, value and time as they were, and where they
 * come from in headers, under the names Kafka Connect gives them.
 *
 * @param topics Topic for undecodable records, by the topic they come from.
 */
export function deadLetterOf(
  queryId: string,
  topics: ReadonlyMap<string, string>,
): (record: SkippedRecord) => ProducerRecord | undefined {
  return (record) => {
    const topic = topics.get(record.topic)
    if (topic === undefined) return undefined
    const { key, value, timestamp } = record
    return {
      topic,
      // Borrowed, and sent later.
      key: key?.slice() ?? null,
      value: value?.slice() ?? null,
      timestamp,
      headers: provenance(queryId, record),
    }
  }
}

function provenance(queryId: string, record: SkippedRecord): { key: string; value: Uint8Array }[] {
  const side = record.reason === 'undecodable-key' ? 'KEY_CONVERTER' : 'VALUE_CONVERTER'
  const headers: readonly (readonly [string, string])[] = [
    ['__connect.errors.topic', record.topic],
    ['__connect.errors.partition', String(record.partition)],
    ['__connect.errors.offset', String(record.offset)],
    ['__connect.errors.connector.name', queryId],
    ['__connect.errors.stage', side],
    ['__connect.errors.exception.message', record.message],
  ]
  return headers.map(([key, text]) => ({ key, value: new TextEncoder().encode(text) }))
}

/** Makes the dead-letter topics that are not there yet, of one partition each. */
export async function createDeadLetterTopics(
  kafka: Kafka,
  topics: ReadonlyMap<string, string>,
  replicationFactor: number | undefined,
): Promise<void> {
  for (const name of new Set(topics.values())) {
    try {
      await kafka.admin.createTopic({
        name,
        partitionCount: 1,
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
      })
    } catch (error) {
      if (!isVarveError(error) || error.code !== 'VARVE_ALREADY_EXISTS') throw error
    }
  }
}

/** The dead-letter topics that the sources of a plan name. */
export function deadLetterTopics(root: PlanNode): ReadonlyMap<string, string> {
  const topics = new Map<string, string>()
  const visit = (node: PlanNode): void => {
    if (node.kind === 'streamSource' || node.kind === 'tableSource') {
      const { deadLetterTopic } = node.valueFormat
      if (deadLetterTopic !== undefined) topics.set(node.topic, deadLetterTopic)
      return
    }
    if ('source' in node) visit(node.source)
    if ('left' in node) {
      visit(node.left)
      visit(node.right)
    }
  }
  visit(root)
  return topics
}
