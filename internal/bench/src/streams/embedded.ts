import { compare, type Comparison } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { runChild } from './run-child.ts'

const RECORDS = 1_000_000
const PARTITIONS = 2
const COMMIT_MS = 500

interface Query {
  readonly title: string
  readonly keys: number
  readonly users?: boolean
  readonly statement: string
}

const queries: readonly Query[] = [
  {
    title: 'filter and projection',
    keys: 100_000,
    statement:
      'CREATE STREAM out AS SELECT k, id, amount * 2 AS doubled FROM orders WHERE amount > 500 EMIT CHANGES;',
  },
  ...[100_000, 1_000_000].map((keys) => ({
    title: 'tumbling COUNT and SUM by key',
    keys,
    statement:
      'CREATE TABLE out AS SELECT k, COUNT(*) AS n, SUM(amount) AS total FROM orders WINDOW TUMBLING (SIZE 60 SECONDS) GROUP BY k EMIT CHANGES;',
  })),
  {
    title: 'stream-table join',
    keys: 100_000,
    users: true,
    statement:
      'CREATE STREAM out AS SELECT o.k, o.id, o.amount, u.region FROM orders o JOIN users u ON o.k = u.k EMIT CHANGES;',
  },
  {
    title: 'session COUNT by key',
    keys: 100_000,
    statement:
      'CREATE TABLE out AS SELECT k, COUNT(*) AS n FROM orders WINDOW SESSION (30 SECONDS) GROUP BY k EMIT CHANGES;',
  },
]

/** Queries on the embedded broker, state on disk, a process for each run: formats and guarantees side by side. */
export async function embeddedStreams(options: BenchOptions): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const { title, keys, users = false, statement } of queries) {
    const contenders = (['JSON', 'AVRO'] as const).flatMap((format) =>
      (['exactly_once_v2', 'at_least_once'] as const).map((guarantee) => ({
        name: `${format}, ${guarantee}`,
        run: () =>
          runChild({
            setup: '',
            statement,
            inputTopic: format === 'JSON' ? 'loaded' : 'orders',
            properties: { 'processing.guarantee': guarantee, 'commit.interval.ms': COMMIT_MS },
            load: { records: RECORDS, keys, partitions: PARTITIONS, format, users },
          }),
      })),
    )
    comparisons.push(
      await compare(
        title,
        'records',
        `embedded broker, ${RECORDS / 1e6} M records of 150 bytes, ${keys / 1000} k keys, ${PARTITIONS} partitions, commit every ${COMMIT_MS} ms, start included`,
        contenders,
        options.rounds,
        options.progress,
      ),
    )
  }
  return comparisons
}
