import type { StreamsApplicationOptions } from './options.ts'
import { sourceTopicsOf } from './task-id.ts'

/** Topics on the broker that an application's group subscribes to. */
export function subscribedTopics(options: StreamsApplicationOptions): string[] {
  const { topology, applicationId } = options
  return [
    ...new Set(
      topology.subTopologies.flatMap((sub) => sourceTopicsOf(topology, applicationId, sub)),
    ),
  ]
}
