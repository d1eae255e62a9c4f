import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Engine } from '../../src/index.ts'
import type { Place } from './on-each-broker.ts'
import { readScenario } from './read-scenario.ts'

const script = readScenario('readings')

const byArea = `CREATE TABLE areas AS SELECT area, COUNT(*) AS n, SUM(reading) AS total FROM readings GROUP BY area;`

const averages = [
  { SENSOR: 'sensor-1', AVG: 68.5 },
  { SENSOR: 'sensor-2', AVG: 48 },
  { SENSOR: 'sensor-3', AVG: 52 },
  { SENSOR: 'sensor-4', AVG: 75 },
]

/** Declares the tests of the materialized average. */
export function sensorReadings(place: () => Place): void {
  test('averages are pulled by key and in full, and pushed as they change', async () => {
    await using engine = await place().open()
    await engine.execute(script)
    const consistency = engine.position()
    const variables = { sensor: 'sensor-1' }
    expect(
      await engine.query('SELECT * FROM avg_readings WHERE sensor = ${sensor};', {
        variables,
        consistency,
      }),
    ).toEqual([averages[0]])
    expect(await all(engine, 'avg_readings', 'SENSOR')).toEqual(averages)

    // A table's rows as they are, then every change.
    const pushed = new Map<unknown, unknown>()
    for await (const row of engine.stream('SELECT * FROM avg_readings EMIT CHANGES;')) {
      pushed.set(row['SENSOR'], row['AVG'])
      if (row['SENSOR'] === 'sensor-1' && row['AVG'] === 50) break
      if (pushed.size === averages.length) {
        await engine.insert('readings', { sensor: 'sensor-1', area: 'wheel', reading: 13 })
      }
    }
    expect(pushed).toEqual(
      new Map<unknown, unknown>([
        ['sensor-1', 50],
        ...averages.slice(1).map(({ SENSOR, AVG }) => [SENSOR, AVG] as const),
      ]),
    )
  })

  test('another key needs a repartition and gives the same sums', async () => {
    await using engine = await place().open()
    await engine.execute(script)
    await engine.execute(byArea)
    await engine.query('SELECT * FROM areas;', { consistency: engine.position() })
    expect(await all(engine, 'areas', 'AREA')).toEqual([
      { AREA: 'engine', N: 5, TOTAL: 262 },
      { AREA: 'motor', N: 2, TOTAL: 136 },
      { AREA: 'wheel', N: 3, TOTAL: 189 },
    ])
  })

  test('without its state directory the table is restored from its changelog', async () => {
    const { directory, open } = place()
    {
      await using engine = await open()
      await engine.execute(script)
      await engine.query('SELECT * FROM avg_readings;', { consistency: engine.position() })
    }
    await rm(join(directory, 'state'), { recursive: true })
    await using engine = await open()
    await expect
      .poll(() => all(engine, 'avg_readings', 'SENSOR'), { timeout: 120_000 })
      .toEqual(averages)
  })

  test('an instance that is added builds the same catalog and takes its share', async () => {
    const { directory, isShared, open } = place()
    if (!isShared) return
    await using first = await open()
    await first.execute(script)
    await using second = await open(join(directory, 'second'))
    expect(second.sources).toEqual(first.sources)
    expect(second.queries.map(({ id }) => id)).toEqual(first.queries.map(({ id }) => id))
    await second.execute(byArea)
    await expect
      .poll(() => first.sources.map(({ name }) => name), { timeout: 120_000 })
      .toContain('AREAS')
    const expected = averages.map((row) => JSON.stringify(row))
    const both = async (): Promise<string[]> => {
      const rows = await Promise.all(
        [first, second].map((engine) => all(engine, 'avg_readings', 'SENSOR')),
      )
      return rows
        .flat()
        .map((row) => JSON.stringify(row))
        .sort()
    }
    // Each answers for the partitions it holds; together they hold each row once.
    await expect.poll(both, { timeout: 120_000 }).toEqual(expected)
  })
}

async function all(engine: Engine, table: string, key: string): Promise<Record<string, unknown>[]> {
  const rows = await engine.query(`SELECT * FROM ${table};`)
  return rows.sort((a, b) => String(a[key]).localeCompare(String(b[key])))
}
