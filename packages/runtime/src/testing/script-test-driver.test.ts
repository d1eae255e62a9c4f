import { VirtualClock } from '@varve/base/testing'
import { expect, test } from 'vitest'

import { ScriptTestDriver } from './script-test-driver.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

async function run(driver: ScriptTestDriver, sql: string): Promise<void> {
  for (const parsed of driver.parse(sql)) await driver.execute(parsed)
}

test('a query runs on the records that are piped into it, bytes in and bytes out', async () => {
  const driver = new ScriptTestDriver({ clock: new VirtualClock(7) })
  driver.createTopic('pens', { partitions: 3, replicas: 1 })
  await run(
    driver,
    `CREATE STREAM pens (maker STRING KEY, price INT) WITH (kafka_topic='pens', value_format='JSON');
     CREATE TABLE sold AS SELECT maker, SUM(price) AS total FROM pens GROUP BY maker;`,
  )
  expect([...driver.sources.keys()]).toEqual(['PENS', 'SOLD'])
  expect(driver.topics.get('SOLD')).toEqual({ partitions: 3, replicas: 1 })
  const [query] = driver.queries
  expect(query!.sourceTopics).toEqual(['pens'])
  const totals: string[] = []
  for (const price of [2, 3]) {
    const record = { key: text('ada'), value: text(`{"PRICE":${price}}`), timestamp: price }
    for (const { topic, value } of await query!.pipe('pens', record)) {
      totals.push(`${topic} ${new TextDecoder().decode(value!)}`)
    }
  }
  expect(totals).toEqual(['SOLD {"TOTAL":2}', 'SOLD {"TOTAL":5}'])
  driver.close()
})

test('INSERT VALUES hands over its record', async () => {
  const driver = new ScriptTestDriver({ clock: new VirtualClock(7) })
  const [create, insert] = driver.parse(
    `CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', partitions=1, value_format='JSON');
     INSERT INTO s VALUES ('a', 1);`,
  )
  await driver.execute(create!)
  expect(await driver.execute(insert!)).toEqual({
    kind: 'inserted',
    record: { topic: 's', key: text('a'), value: text('{"V":1}'), timestamp: 7 },
  })
})

test('a statement that fails leaves the catalog as it was', async () => {
  const driver = new ScriptTestDriver({ clock: new VirtualClock() })
  const create =
    "CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', partitions=1, value_format='JSON');"
  await run(driver, create)
  await expect(run(driver, create)).rejects.toThrow('already exists')
  await expect(run(driver, 'CREATE STREAM t AS SELECT k, w FROM s;')).rejects.toThrow('W')
  expect([...driver.sources.keys()]).toEqual(['S'])
  expect(driver.queries).toEqual([])
})

test('records in a registry format are read once their schema is fetched, between steps too', async () => {
  const driver = new ScriptTestDriver({ clock: new VirtualClock() })
  await run(
    driver,
    `CREATE TABLE t (id INT PRIMARY KEY, colour STRING) WITH (kafka_topic='t', partitions=1, value_format='AVRO');
     CREATE TABLE n AS SELECT colour, COUNT(*) AS n FROM t GROUP BY colour;`,
  )
  const insert = driver.parse("INSERT INTO t (id, colour) VALUES (1, 'red');")
  const inserted = await driver.execute(insert[0]!)
  if (inserted.kind !== 'inserted') throw new Error('INSERT VALUES inserts')
  expect(await driver.queries[0]!.pipe('t', inserted.record)).toHaveLength(1)
  expect(driver.queries[0]!.failures).toEqual([])
})

test('a schema that is no record needs its value unwrapped, and one without columns is refused as the statement', async () => {
  const driver = new ScriptTestDriver({ clock: new VirtualClock() })
  for (const name of ['bare', 'circle']) driver.createTopic(name, { partitions: 1, replicas: 1 })
  await driver.registry.register('bare-value', { schemaType: 'AVRO', schema: '"int"' })
  const circle = { type: 'record', name: 'R', fields: [{ name: 'r', type: ['null', 'R'] }] }
  await driver.registry.register('circle-value', {
    schemaType: 'AVRO',
    schema: JSON.stringify(circle),
  })
  await expect(
    run(driver, "CREATE STREAM s WITH (kafka_topic='bare', value_format='AVRO');"),
  ).rejects.toThrow(
    'Unable to verify if the value schema for topic: bare is compatible with ksqlDB.\nReason: Schema returned from schema registry is anonymous type.',
  )
  await expect(
    run(driver, "CREATE STREAM s WITH (kafka_topic='circle', value_format='AVRO');"),
  ).rejects.toThrow('Reason: the schema has no supported columns: "r" is recursive')
  await run(
    driver,
    "CREATE STREAM s WITH (kafka_topic='bare', value_format='AVRO', wrap_single_value=false);",
  )
  expect([...driver.sources.keys()]).toEqual(['S'])
})
