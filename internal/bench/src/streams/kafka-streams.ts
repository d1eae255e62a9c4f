import { isKafkaInstalled, startKafka } from '@varve/internal-peers'

import { compare, type Comparison } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { KafkaStreamsBench } from './kafka-streams-bench.ts'
import { runChild } from './run-child.ts'

const RECORDS = 1_000_000
const KEYS = 100_000
const PARTITIONS = 4
const COMMIT_MS = 2000
const CACHE_BYTES = 10_000_000

const setup = `
  CREATE STREAM orders (k STRING KEY, id BIGINT, user STRING, amount DOUBLE, status STRING, note STRING)
    WITH (kafka_topic='bench_orders', value_format='JSON');
  CREATE TABLE users (k STRING PRIMARY KEY, name STRING, region STRING) WITH (kafka_topic='bench_users', value_format='JSON');`

/** The topologies of the peer, in SQL. */
const cases = {
  filter:
    'CREATE STREAM OUT AS SELECT k, id, amount * 2 AS doubled FROM orders WHERE amount > 500 EMIT CHANGES;',
  count:
    "CREATE TABLE OUT WITH (value_format='KAFKA') AS SELECT k, COUNT(*) AS n FROM orders GROUP BY k EMIT CHANGES;",
  window: `CREATE TABLE OUT WITH (value_format='KAFKA') AS SELECT k, COUNT(*) AS n FROM orders
    WINDOW TUMBLING (SIZE 60 SECONDS, RETENTION 600 SECONDS, GRACE PERIOD 10 SECONDS) GROUP BY k EMIT CHANGES;`,
  join: `CREATE STREAM OUT AS SELECT o.k, o.id, o.user, o.amount, o.status, o.note, u.region
    FROM orders o JOIN users u ON o.k = u.k EMIT CHANGES;`,
  repartition:
    "CREATE TABLE OUT WITH (value_format='KAFKA') AS SELECT user, COUNT(*) AS n FROM orders GROUP BY user EMIT CHANGES;",
} as const

/** Varve and Kafka Streams on one broker: the same topics, commit interval, cache and guarantee, one process at a time. */
export async function kafkaStreams(options: BenchOptions): Promise<Comparison[]> {
  const peer = KafkaStreamsBench.find()
  if (peer === undefined || !isKafkaInstalled('3')) {
    throw new Error(
      'needs Apache Kafka (scripts/ci-peers) and the program kafka-stack/streams-bench in the folder that VARVE_SHARED names',
    )
  }
  await peer.build()
  const kafka = await startKafka('3')
  try {
    await peer.run('load', {
      bootstrap: kafka.brokers,
      records: RECORDS,
      keys: KEYS,
      partitions: PARTITIONS,
    })
    const comparisons: Comparison[] = []
    let number = 0
    for (const guarantee of ['at_least_once', 'exactly_once_v2'] as const) {
      for (const [name, statement] of Object.entries(cases)) {
        if (options.workloads?.includes(name) === false) continue
        const contenders = [
          {
            name: 'Varve',
            run: () => {
              // Names of their own for the topics of each run.
              const serviceId = `bench_${number++}_`
              const sink = `${name}_${number}`
              return runChild({
                brokers: kafka.brokers,
                serviceId,
                setup,
                statement: statement.replace(/\bOUT\b/, sink),
                inputTopic: 'bench_orders',
                properties: {
                  'processing.guarantee': guarantee,
                  'commit.interval.ms': COMMIT_MS,
                  'cache.max.bytes.buffering': CACHE_BYTES,
                },
              })
            },
          },
          {
            name: 'Kafka Streams 3.9',
            run: async () => {
              const run = await peer.run('run', {
                bootstrap: kafka.brokers,
                partitions: PARTITIONS,
                case: name,
                guarantee,
                commit: COMMIT_MS,
                cache: CACHE_BYTES,
              })
              const { records, seconds, cpuSeconds, rssMiB } = run as Record<string, number>
              return {
                units: records!,
                seconds: seconds!,
                extra: {
                  'CPU µs a record': (cpuSeconds! / records!) * 1e6,
                  'resident MiB': rssMiB!,
                },
              }
            },
          },
        ]
        comparisons.push(
          await compare(
            `${name}, ${guarantee}`,
            'records',
            `Apache Kafka 3.9, ${RECORDS / 1e6} M JSON records, ${KEYS / 1000} k keys, ${PARTITIONS} partitions, commit every ${COMMIT_MS / 1000} s, cache ${CACHE_BYTES / 1e6} MB, start and warm-up included`,
            contenders,
            options.rounds,
            options.progress,
          ),
        )
      }
    }
    return comparisons
  } finally {
    await kafka.stop()
  }
}
