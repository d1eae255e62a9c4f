import type { TopicPartition } from '@varve/kafka'

import type { SubTopology, Topology } from '../topology/topology.ts'
import { topicName } from './internal-topics.ts'

/** A task: one sub-topology on one partition. */
export interface TaskId {
  readonly subTopology: number
  readonly partition: number
}

/** `<sub-topology>_<partition>`. */
export function formatTaskId(id: TaskId): string {
  return `${id.subTopology}_${id.partition}`
}

/** The inverse of {@link formatTaskId}. */
export function parseTaskId(text: string): TaskId {
  const [subTopology, partition] = text.split('_')
  return { subTopology: Number(subTopology), partition: Number(partition) }
}

/** Topics on the broker that a sub-topology reads. */
export function sourceTopicsOf(
  topology: Topology,
  applicationId: string,
  sub: SubTopology,
): string[] {
  return sub.sourceTopics.map((topic) => topicName(topology, applicationId, topic))
}

/** The tasks that read the partitions. */
export function tasksReading(
  topology: Topology,
  applicationId: string,
  partitions: readonly TopicPartition[],
): TaskId[] {
  const tasks = new Map<string, TaskId>()
  for (const sub of topology.subTopologies) {
    const topics = new Set(sourceTopicsOf(topology, applicationId, sub))
    for (const { topic, partition } of partitions) {
      if (!topics.has(topic)) continue
      const id = { subTopology: sub.id, partition }
      tasks.set(formatTaskId(id), id)
    }
  }
  return [...tasks.values()]
}

/** One string per topic partition. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
