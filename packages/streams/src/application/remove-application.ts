import type { Clock } from '@varve/base'
import { KafkaError } from '@varve/kafka'

import { internalTopicsOf } from './internal-topics.ts'
import type { StreamsApplicationOptions } from './options.ts'

/** Kafka's error code for a group that has members. */
const nonEmptyGroup = 68

/** Deletes group, internal topics and local state of an application that does not run, in this order; each step idempotent. */
export async function removeApplication(
  options: StreamsApplicationOptions,
  clock: Clock,
): Promise<void> {
  const { applicationId, kafka, topology, storage } = options
  const { admin } = kafka
  await deleteGroup(options, clock)
  for (const topic of internalTopicsOf(topology, applicationId)) {
    if ((await admin.describeTopic(topic)) !== undefined) await admin.deleteTopic(topic)
  }
  await storage.remove(applicationId)
}

/** A member that died stays in the group until its session ends: waits that long. */
async function deleteGroup(options: StreamsApplicationOptions, clock: Clock): Promise<void> {
  const { applicationId, sessionTimeoutMs = 10_000 } = options
  const { admin } = options.kafka
  const deadlineMs = clock.monotonicMs() + sessionTimeoutMs + 5_000
  while ((await admin.listGroups()).includes(applicationId)) {
    try {
      await admin.deleteGroup(applicationId)
      return
    } catch (error) {
      const notEmpty = error instanceof KafkaError && error.errorCode === nonEmptyGroup
      if (!notEmpty || clock.monotonicMs() >= deadlineMs) throw error
      await clock.sleep(200)
    }
  }
}
