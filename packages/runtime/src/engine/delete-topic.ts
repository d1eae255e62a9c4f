import type { Kafka } from '@varve/kafka'
import type { SchemaRegistry } from '@varve/serde'

/** Deletes a topic with the schemas of its keys and values. */
export async function deleteTopic(
  kafka: Kafka,
  registry: SchemaRegistry,
  topic: string,
): Promise<void> {
  await kafka.admin.deleteTopic(topic)
  await deleteSubjects(registry, topic)
}

/** Deletes the subjects of a topic's keys and values, where there are any. */
export async function deleteSubjects(registry: SchemaRegistry, topic: string): Promise<void> {
  const subjects = new Set(await registry.subjects())
  for (const subject of [`${topic}-key`, `${topic}-value`]) {
    if (subjects.has(subject)) await registry.deleteSubject(subject)
  }
}
