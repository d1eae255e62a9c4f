import type { TopicPartition } from '../client.ts'

/** Groups partitions as requests list them: one entry per topic. */
export function byTopic<P extends TopicPartition, T>(
  partitions: Iterable<P>,
  toEntry: (partition: P) => T,
): { readonly topic: string; readonly partitions: readonly T[] }[] {
  const topics = new Map<string, T[]>()
  for (const partition of partitions) {
    const entries = topics.get(partition.topic)
    if (entries === undefined) topics.set(partition.topic, [toEntry(partition)])
    else entries.push(toEntry(partition))
  }
  return [...topics].map(([topic, entries]) => ({ topic, partitions: entries }))
}
