import { createRequire } from 'node:module'

import type ksqldbClient from 'ksqldb-client'
import { expect, test } from 'vitest'

import { Engine } from '../engine/engine.ts'
import { startServer } from './start-server.ts'

// Its types declare a default export, its code exports the class itself.
const KsqldbClient = createRequire(import.meta.url)('ksqldb-client') as typeof ksqldbClient.default

test('the client that others wrote for ksqlDB finds what it expects', async () => {
  await using engine = await Engine.open({ directory: ':memory:' })
  await using server = await startServer({ engine, port: 0 })
  const client = new KsqldbClient({ host: `http://${server.host}`, port: server.port })
  await client.connect()
  try {
    const statements = [
      "CREATE STREAM readings (sensor VARCHAR KEY, area VARCHAR, reading INT) WITH (kafka_topic = 'readings', partitions = 2, value_format = 'json');",
      'CREATE TABLE avg_readings AS SELECT sensor, AVG(reading) AS avg FROM readings GROUP BY sensor;',
    ]
    for (const statement of statements) {
      expect(await client.executeStatement(statement)).toMatchObject({
        status: 200,
        error: undefined,
      })
    }

    const pushed: unknown[] = []
    const push = client.streamQuery(
      'SELECT * FROM readings EMIT CHANGES LIMIT 2;',
      ({ rows, metadata }) => {
        if (metadata !== undefined) pushed.push(metadata.columnNames)
        pushed.push(...(rows ?? []))
      },
    )
    await expect.poll(() => engine.metrics().pushQueries, { timeout: 60_000 }).toBe(1)

    for (const reading of [45, 92]) {
      expect(
        await client.insertInto('readings', {
          SENSOR: 'sensor-1',
          AREA: 'wheel',
          READING: reading,
        }),
      ).toMatchObject({ status: 200, error: undefined })
    }
    expect(await push).toMatchObject({ status: 200 })
    expect(pushed.at(-1)).toEqual({ SENSOR: 'sensor-1', AREA: 'wheel', READING: 92 })

    // Waits until the view has both rows; the client has no words for that.
    await engine.query('SELECT * FROM avg_readings;', { consistency: engine.position() })
    const pulled = await client.query("SELECT * FROM avg_readings WHERE sensor = '${s}';", {
      sessionVariables: { s: 'sensor-1' },
    })
    expect(pulled).toMatchObject({
      status: 200,
      data: {
        metadata: { columnNames: ['SENSOR', 'AVG'] },
        rows: [{ SENSOR: 'sensor-1', AVG: 68.5 }],
      },
    })

    expect(await client.listStreams()).toMatchObject([{ name: 'READINGS', topic: 'readings' }])
    expect(await client.listTables()).toMatchObject([{ name: 'AVG_READINGS', isWindowed: false }])
    expect(await client.listQueries()).toMatchObject([
      { id: 'CTAS_AVG_READINGS_1', state: 'RUNNING' },
    ])
    expect(await client.listTopics()).toEqual(
      expect.arrayContaining([{ name: 'readings', replicaInfo: [1, 1] }]),
    )
    expect(await client.describeSource('readings')).toMatchObject({
      name: 'READINGS',
      fields: [{ name: 'SENSOR', type: 'KEY' }, { name: 'AREA' }, { name: 'READING' }],
    })
    const refused = await client.query('SELECT * FROM nothing;')
    expect(refused).toMatchObject({ status: 400, error: { error_code: 40001 } })
  } finally {
    await client.disconnect()
  }
})
