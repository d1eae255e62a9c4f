import { systemClock } from '@varve/base'
import { expect, test } from 'vitest'

import { ScriptTestDriver } from '../testing/script-test-driver.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const json = (value: unknown): Uint8Array | null =>
  value === null ? null : encoder.encode(JSON.stringify(value))
const parsed = (bytes: Uint8Array | null): unknown =>
  bytes === null ? null : (JSON.parse(decoder.decode(bytes)) as unknown)

/** Runs the query that a script ends with over records of JSON, and gives what each of them led to. */
async function run(
  script: string,
  records: readonly (readonly [topic: string, key: unknown, value: unknown])[],
): Promise<unknown[][]> {
  const driver = new ScriptTestDriver({ clock: systemClock, adoptTopics: true })
  for (const statement of driver.parse(script)) await driver.execute(statement)
  const query = driver.queries.at(-1)!
  const outputs: unknown[][] = []
  for (const [topic, key, value] of records) {
    const written = await query.pipe(topic, { key: json(key), value: json(value), timestamp: 0 })
    outputs.push(written.map((record) => [parsed(record.key), parsed(record.value)]))
  }
  query.close()
  return outputs
}

const format = "format = 'JSON', partitions = 1"

test('a foreign-key join follows changes of either side', async () => {
  const script = `
    CREATE TABLE customers (id INT PRIMARY KEY, name STRING, city INT) WITH (kafka_topic = 'customers', ${format});
    CREATE TABLE cities (id INT PRIMARY KEY, name STRING) WITH (kafka_topic = 'cities', ${format});
    CREATE TABLE placed AS SELECT c.id AS id, c.name AS who, t.name AS city
      FROM customers c LEFT JOIN cities t ON c.city + 1 = t.id;`
  expect(
    await run(script, [
      ['customers', 1, { NAME: 'ann', CITY: 10 }],
      ['cities', 11, { NAME: 'Bonn' }],
      ['customers', 2, { NAME: 'bob', CITY: 10 }],
      ['cities', 11, { NAME: 'Ulm' }],
      ['customers', 1, { NAME: 'ann', CITY: null }],
      ['customers', 2, null],
    ]),
  ).toEqual([
    [[1, { WHO: 'ann', CITY: null }]],
    [[1, { WHO: 'ann', CITY: 'Bonn' }]],
    [[2, { WHO: 'bob', CITY: 'Bonn' }]],
    [
      [1, { WHO: 'ann', CITY: 'Ulm' }],
      [2, { WHO: 'bob', CITY: 'Ulm' }],
    ],
    [[1, { WHO: 'ann', CITY: null }]],
    [[2, null]],
  ])
})

test('table functions multiply rows, the shorter list padded', async () => {
  const script = `
    CREATE STREAM orders (id INT KEY, tags ARRAY<STRING>, ns ARRAY<INT>) WITH (kafka_topic = 'orders', ${format});
    CREATE STREAM single AS SELECT id, UCASE(EXPLODE(tags)) AS tag, EXPLODE(ns) AS n FROM orders;`
  expect(
    await run(script, [
      ['orders', 1, { TAGS: ['a', 'b'], NS: [7] }],
      ['orders', 2, { TAGS: [], NS: null }],
    ]),
  ).toEqual([
    [
      [1, { TAG: 'A', N: 7 }],
      [1, { TAG: 'B', N: null }],
    ],
    [],
  ])
})
