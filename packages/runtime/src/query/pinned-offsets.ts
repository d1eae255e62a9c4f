import type { Kafka, TopicPartition } from '@varve/kafka'
import type { PlanNode } from '@varve/sql'

/** Topics that a plan reads as streams: those that `auto.offset.reset` speaks of. Tables are read from their beginning always. */
export function streamTopicsOf(node: PlanNode): ReadonlySet<string> {
  const topics = new Set<string>()
  const walk = (at: PlanNode): void => {
    switch (at.kind) {
      case 'streamSource':
        topics.add(at.topic)
        return
      case 'tableSource':
        return
      case 'streamTableJoin':
      case 'streamStreamJoin':
      case 'tableTableJoin':
      case 'foreignKeyJoin':
        walk(at.left)
        walk(at.right)
        return
      default:
        walk(at.source)
    }
  }
  walk(node)
  return topics
}

/**
 * Commits the ends that topics have now as the group's starting point.
 *
 * A query that begins at `latest` begins at the moment its statement was accepted, not whenever its consumer gets to ask: a row inserted
 * right after CREATE … AS SELECT returned is in it. Partitions that have a committed offset already keep it.
 */
export async function pinLatest(
  kafka: Kafka,
  groupId: string,
  topics: Iterable<string>,
): Promise<void> {
  const partitions: TopicPartition[] = []
  for (const topic of topics) {
    const description = await kafka.admin.describeTopic(topic)
    for (let partition = 0; partition < (description?.partitionCount ?? 0); partition++) {
      partitions.push({ topic, partition })
    }
  }
  if (partitions.length === 0) return
  const known = new Set(
    (await kafka.admin.committedOffsets(groupId, partitions)).map(
      (o) => `${o.topic}-${o.partition}`,
    ),
  )
  const fresh = partitions.filter((p) => !known.has(`${p.topic}-${p.partition}`))
  if (fresh.length === 0) return
  const ends = await kafka.admin.endOffsets(fresh)
  await kafka.admin.commitOffsets(ends, {
    groupId,
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
  })
}
