/** Runs one query of the stream benchmarks in a process of its own: `child.ts JSON`; prints one JSON line. */
import { runLoad } from '@varve/internal-load'
import { Engine } from '@varve/runtime'

import { keyText, orderEvents } from './orders.ts'
import { runQuery } from './query-run.ts'

/** What a child is told. */
export interface ChildTask {
  readonly directory: string
  /** Apache Kafka with the topics filled; absent: the embedded broker, which the child fills itself. */
  readonly brokers?: string
  readonly serviceId?: string
  /** Sources the query reads. */
  readonly setup: string
  readonly statement: string
  readonly inputTopic: string
  readonly properties: Readonly<Record<string, string | number>>
  /** Embedded broker only. */
  readonly load?: {
    readonly records: number
    readonly keys: number
    readonly partitions: number
    /** Of the input. The topic is loaded as JSON; AVRO is made of that by a query, before the clock starts. */
    readonly format: 'JSON' | 'AVRO'
    /** Whether the table of users is wanted too. */
    readonly users: boolean
  }
}

const task = JSON.parse(process.argv[2]!) as ChildTask
const encoder = new TextEncoder()

await using engine = await Engine.open({
  directory: task.directory,
  ...(task.brokers === undefined ? {} : { kafka: { brokers: [task.brokers] } }),
  ...(task.serviceId === undefined ? {} : { serviceId: task.serviceId }),
})
if (task.load !== undefined) await fill(task.load)
await engine.execute(task.setup)
const run = await runQuery(engine, task.statement, task.inputTopic, task.properties)
process.stdout.write(`${JSON.stringify(run)}\n`)

async function fill({
  records,
  keys,
  partitions,
  format,
  users,
}: NonNullable<ChildTask['load']>): Promise<void> {
  const columns = '(k STRING KEY, id BIGINT, amount DOUBLE, status STRING, note STRING)'
  const target = (topic: string, total: number) => ({
    topic,
    partitionCount: partitions,
    baseOffsets: Array.from({ length: partitions }, () => 0),
    total,
  })
  await engine.execute(
    `CREATE STREAM loaded ${columns} WITH (kafka_topic='loaded', partitions=${partitions}, value_format='JSON', retention_ms=3153600000000);`,
  )
  await runLoad(engine.kafka, target('loaded', records), orderEvents(keys), () => {})
  if (users) {
    await engine.execute(
      `CREATE TABLE users (k STRING PRIMARY KEY, region STRING) WITH (kafka_topic='users', partitions=${partitions}, value_format='JSON');`,
    )
    await runLoad(
      engine.kafka,
      target('users', keys),
      (n) => ({
        key: encoder.encode(keyText(n)),
        value: encoder.encode(`{"REGION":"r${n % 50}"}`),
        timestamp: 0,
      }),
      () => {},
    )
  }
  if (format === 'AVRO') {
    const convert = `CREATE STREAM orders WITH (kafka_topic='orders', value_format='AVRO', retention_ms=3153600000000) AS SELECT * FROM loaded;`
    await runQuery(engine, convert, 'loaded', {})
  } else {
    await engine.execute(
      `CREATE STREAM orders ${columns} WITH (kafka_topic='loaded', value_format='JSON');`,
    )
  }
}
