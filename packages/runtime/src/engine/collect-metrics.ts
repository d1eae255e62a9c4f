import type { ProcessingLog } from '../processing-log/processing-log.ts'
import type { QueryRuntime } from '../query/query-runtime.ts'
import type { EngineMetrics } from './engine-metrics.ts'
import type { QueryService } from './query-service.ts'

/** Adds up what the parts of an engine count. */
export function collectMetrics(
  runtime: QueryRuntime,
  service: QueryService,
  processingLog: ProcessingLog,
): EngineMetrics {
  const queryStates = { RUNNING: 0, PAUSED: 0, ERROR: 0 }
  const queries = runtime.list().map((query) => {
    queryStates[query.state] += 1
    const metrics = query.application?.metrics()
    return {
      id: query.info.id,
      recordsProcessed: metrics?.recordsProcessed ?? 0,
      recordsSent: metrics?.recordsSent ?? 0,
      recordsSkipped: metrics?.recordsSkipped ?? 0,
      commits: metrics?.commits ?? 0,
      commitMsMax: metrics?.commitMsMax ?? 0,
      lag: Object.values(metrics?.lag ?? {}).reduce((sum, lag) => sum + lag, 0),
    }
  })
  return {
    queryStates,
    pushQueries: service.pushQueries.size,
    pullQueries: service.pullCount,
    processingLogDropped: processingLog.dropped,
    queries,
  }
}
