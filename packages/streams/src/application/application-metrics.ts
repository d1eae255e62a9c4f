import type { ApplicationMetrics } from './options.ts'
import type { StreamsWorker } from './streams-worker.ts'
import { partitionKey } from './task-id.ts'

/** What a worker has counted; zeros while there is none. */
export function metricsOf(worker: StreamsWorker | undefined): ApplicationMetrics {
  const lag: Record<string, number> = {}
  for (const task of worker?.tasks.values() ?? []) {
    for (const queue of task.queues.values()) {
      const at = { topic: queue.brokerTopic, partition: queue.partition }
      const end = worker!.knownEnd(at)
      if (end !== undefined) lag[partitionKey(at)] = Math.max(0, end - queue.position)
    }
  }
  const counters = worker?.counters
  return {
    recordsProcessed: counters?.processed ?? 0,
    recordsSent: counters?.sent ?? 0,
    recordsSkipped: counters?.skipped ?? 0,
    drops: Object.fromEntries(counters?.drops ?? []),
    commits: counters?.commits ?? 0,
    commitMsMax: counters?.commitMsMax ?? 0,
    restoredRecords: counters?.restored ?? 0,
    lag,
    tasks: [...(worker?.tasks.keys() ?? [])],
  }
}
