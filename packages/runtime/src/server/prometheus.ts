import type { EngineMetrics } from '../engine/engine-metrics.ts'

/** The metrics of an engine in Prometheus' text exposition format 0.0.4. */
export function formatPrometheus(metrics: EngineMetrics): string {
  const lines: string[] = []
  const family = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[],
  ): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [labels, value] of samples) lines.push(`${name}${formatLabels(labels)} ${value}`)
  }
  const perQuery = (
    pick: (query: EngineMetrics['queries'][number]) => number,
  ): [Record<string, string>, number][] =>
    metrics.queries.map((query) => [{ query: query.id }, pick(query)])

  family(
    'varve_queries',
    'gauge',
    'Persistent queries by state.',
    Object.entries(metrics.queryStates).map(([state, n]) => [{ state }, n]),
  )
  family('varve_push_queries', 'gauge', 'Push queries that run.', [[{}, metrics.pushQueries]])
  family('varve_pull_queries_total', 'counter', 'Pull queries answered.', [
    [{}, metrics.pullQueries],
  ])
  family(
    'varve_processing_log_dropped_total',
    'counter',
    'Processing log entries that found the queue full.',
    [[{}, metrics.processingLogDropped]],
  )
  family(
    'varve_records_processed_total',
    'counter',
    'Records that a query took in.',
    perQuery((q) => q.recordsProcessed),
  )
  family(
    'varve_records_sent_total',
    'counter',
    'Records that a query wrote.',
    perQuery((q) => q.recordsSent),
  )
  family(
    'varve_records_skipped_total',
    'counter',
    'Records that a query could not use.',
    perQuery((q) => q.recordsSkipped),
  )
  family(
    'varve_commits_total',
    'counter',
    'Commits of a query.',
    perQuery((q) => q.commits),
  )
  family(
    'varve_lag_records',
    'gauge',
    'Records that a query has still to take in.',
    perQuery((q) => q.lag),
  )
  return `${lines.join('\n')}\n`
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  )
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}
