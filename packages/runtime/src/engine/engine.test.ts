import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Engine } from './engine.ts'

const readings = `
  CREATE STREAM readings (
      sensor VARCHAR KEY,
      area VARCHAR,
      reading INT
  ) WITH (
      kafka_topic = 'readings',
      partitions = 2,
      value_format = 'json'
  );

  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-1', 'wheel', 45);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-2', 'motor', 41);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-1', 'wheel', 92);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-2', 'engine', 13);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-2', 'engine', 90);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-4', 'motor', 95);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-3', 'engine', 67);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-3', 'wheel', 52);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-4', 'engine', 55);
  INSERT INTO readings (sensor, area, reading) VALUES ('sensor-3', 'engine', 37);

  SET 'auto.offset.reset' = 'earliest';

  CREATE TABLE avg_readings AS
      SELECT sensor,
             AVG(reading) AS avg
      FROM readings
      GROUP BY sensor
      EMIT CHANGES;
`

let engine: Engine

beforeEach(async () => {
  engine = await Engine.open({ directory: ':memory:' })
})

afterEach(() => engine.close())

describe('sensor readings', () => {
  test('averages are kept up to date and read by key and in full', async () => {
    await engine.execute(readings)
    const consistency = engine.position()
    expect(
      await engine.query('SELECT * FROM avg_readings WHERE sensor = ${sensor};', {
        variables: { sensor: 'sensor-1' },
        consistency,
      }),
    ).toEqual([{ SENSOR: 'sensor-1', AVG: 68.5 }])
    const all = await engine.query<{ sensor: string; avg: number }>('SELECT * FROM avg_readings;')
    expect(new Map(all.map((row) => [row.sensor, row.avg]))).toEqual(
      new Map([
        ['sensor-1', 68.5],
        ['sensor-2', 48],
        ['sensor-3', 52],
        ['sensor-4', 75],
      ]),
    )
  })

  test('another key needs a repartition and gives the same sums', async () => {
    await engine.execute(readings)
    await engine.execute(`
      CREATE TABLE areas AS SELECT area, COUNT(*) AS n, SUM(reading) AS total FROM readings GROUP BY area;`)
    const rows = await engine.query('SELECT * FROM areas;', { consistency: engine.position() })
    expect(rows.sort((a, b) => String(a['AREA']).localeCompare(String(b['AREA'])))).toEqual([
      { AREA: 'engine', N: 5, TOTAL: 262 },
      { AREA: 'motor', N: 2, TOTAL: 136 },
      { AREA: 'wheel', N: 3, TOTAL: 189 },
    ])
  })
})
