import { Agent, request } from 'node:http'

import { Engine } from '@varve/runtime'
import { startServer } from '@varve/runtime/server'

import { compare, median, type Comparison, type Sample } from '../measure.ts'
import type { BenchOptions } from '../options.ts'

const KEYS = 1000
const QUERIES = 3000
const CONNECTIONS = 8

/** Pull queries by key over HTTP/1.1, eight at a time on connections that are kept. Client and server share the process. */
export async function pullBenchmark(options: BenchOptions): Promise<Comparison[]> {
  await using engine = await Engine.open({ directory: ':memory:' })
  await engine.execute(`
    CREATE STREAM readings (sensor VARCHAR KEY, reading INT) WITH (kafka_topic = 'readings', partitions = 2, value_format = 'json');
    CREATE TABLE totals AS SELECT sensor, SUM(reading) AS total FROM readings GROUP BY sensor EMIT CHANGES;`)
  await engine.insert(
    'readings',
    Array.from({ length: KEYS }, (_, i) => ({ sensor: `sensor-${i}`, reading: i })),
  )
  await engine.query('SELECT * FROM totals;', { consistency: engine.position() })
  await using server = await startServer({ engine, port: 0 })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

  async function run(): Promise<Sample> {
    const latenciesMs: number[] = []
    let next = 0
    const start = performance.now()
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (next < QUERIES) {
          const key = next++ % KEYS
          const sent = performance.now()
          const body = await post(
            server.port,
            agent,
            `SELECT * FROM totals WHERE sensor = 'sensor-${key}';`,
          )
          latenciesMs.push(performance.now() - sent)
          if (!body.includes(`["sensor-${key}",${key}]`)) throw new Error(`wrong answer: ${body}`)
        }
      }),
    )
    const seconds = (performance.now() - start) / 1000
    latenciesMs.sort((a, b) => a - b)
    const p99 = latenciesMs[Math.floor(latenciesMs.length * 0.99)]!
    return { units: QUERIES, seconds, extra: { 'p50 ms': median(latenciesMs), 'p99 ms': p99 } }
  }

  try {
    const conditions = `${KEYS} keys in memory, ${CONNECTIONS} connections, client in the same process`
    return [
      await compare(
        'pull query by key over HTTP',
        'queries',
        conditions,
        [{ name: 'runtime/server', run }],
        options.rounds,
        options.progress,
      ),
    ]
  } finally {
    agent.destroy()
  }
}

function post(port: number, agent: Agent, sql: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path: '/query-stream',
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (body += chunk))
        response.on('end', () => resolve(body))
        response.on('error', reject)
      },
    )
    call.on('error', reject)
    call.end(JSON.stringify({ sql }))
  })
}
