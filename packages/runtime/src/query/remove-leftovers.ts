import type { Kafka } from '@varve/kafka'

/** Removes groups and internal topics of push queries that a killed process left behind. Only for whoever has the broker alone. */
export async function removeLeftovers(kafka: Kafka, prefix: string): Promise<void> {
  for (const group of await kafka.admin.listGroups()) {
    if (group.startsWith(prefix)) await kafka.admin.deleteGroup(group)
  }
  for (const { name } of await kafka.admin.listTopics()) {
    if (name.startsWith(prefix)) await kafka.admin.deleteTopic(name)
  }
}
