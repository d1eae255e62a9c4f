import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { runLoad, type EventAt } from '@varve/internal-load'
import { isKafkaInstalled, startKafka } from '@varve/internal-peers'
import { Engine, type EngineOptions } from '@varve/runtime'

import { compare, type Comparison, type Contender, type Sample } from '../measure.ts'
import type { BenchOptions } from '../options.ts'

const EVENTS = 200_000
const SENSORS = 1000
const PARTITIONS = 2
const encoder = new TextEncoder()

const createStream = `CREATE STREAM readings (sensor VARCHAR KEY, area VARCHAR, reading INT)
  WITH (kafka_topic = 'readings', partitions = ${PARTITIONS}, value_format = 'json');`
const createTable =
  'CREATE TABLE avg_readings AS SELECT sensor, AVG(reading) AS avg, COUNT(*) AS n FROM readings GROUP BY sensor EMIT CHANGES;'

function readings(firstTime: number): EventAt {
  return (n) => ({
    key: encoder.encode(`sensor-${n % SENSORS}`),
    value: encoder.encode(`{"AREA":"area-${n % 10}","READING":${n % 97}}`),
    timestamp: firstTime + Math.floor(n / 100),
  })
}

/** Time from the statement that starts the query until its view has counted every event that was in the topic before. */
async function runOnce(options: EngineOptions): Promise<Sample> {
  await using engine = await Engine.open(options)
  await engine.execute(createStream)
  await runLoad(
    engine.kafka,
    {
      topic: 'readings',
      partitionCount: PARTITIONS,
      baseOffsets: Array.from({ length: PARTITIONS }, () => 0),
      total: EVENTS,
    },
    readings(Date.now()),
    () => {},
  )
  const cpu = process.cpuUsage()
  const start = performance.now()
  await engine.execute(createTable, { properties: { 'auto.offset.reset': 'earliest' } })
  for (;;) {
    const rows = await engine.query<{ N: number }>('SELECT n FROM avg_readings;')
    const counted = rows.reduce((sum, row) => sum + row.N, 0)
    if (counted === EVENTS) break
    if (counted > EVENTS) throw new Error(`${counted} of ${EVENTS} events counted`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { units: EVENTS, seconds, extra: { 'CPU µs an event': (user + system) / EVENTS } }
}

async function inTemporaryDirectory(run: (directory: string) => Promise<Sample>): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), 'varve-bench-'))
  try {
    return await run(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The average by sensor, exactly once, state on disk: on the embedded broker, and on Apache Kafka where that is installed. */
export async function aggregateBenchmark(options: BenchOptions): Promise<Comparison[]> {
  const contenders: Contender[] = [
    {
      name: 'embedded broker',
      run: () => inTemporaryDirectory((directory) => runOnce({ directory })),
    },
  ]
  if (isKafkaInstalled('4')) {
    let run = 0
    contenders.push({
      name: 'Apache Kafka 4',
      run: async () => {
        // A node for each round: topics of an earlier one would be in the way of its names.
        const kafka = await startKafka('4')
        try {
          return await inTemporaryDirectory((directory) =>
            runOnce({
              directory,
              kafka: { brokers: [kafka.brokers] },
              serviceId: `bench_${run++}_`,
            }),
          )
        } finally {
          await kafka.stop()
        }
      },
    })
  } else
    options.progress(
      '  Apache Kafka is not installed (scripts/ci-peers does that): the embedded broker runs alone',
    )
  return [
    await compare(
      "scenario 1's average by key",
      'events',
      `${EVENTS / 1000} k JSON events, ${SENSORS} keys, ${PARTITIONS} partitions, exactly once, start of the query included`,
      contenders,
      options.rounds,
      options.progress,
    ),
  ]
}
