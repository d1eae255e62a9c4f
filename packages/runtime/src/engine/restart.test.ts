import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { Engine } from './engine.ts'

let root: string
let directory: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'varve-engine-'))
  directory = join(root, 'is', 'created')
})

afterEach(() => rm(root, { recursive: true, force: true }))

const script = `
  SET 'auto.offset.reset' = 'earliest';
  CREATE STREAM s (k STRING KEY, area STRING, n INT) WITH (kafka_topic='s', partitions=2, value_format='json');
  CREATE TABLE sums AS SELECT k, SUM(n) AS total FROM s GROUP BY k;
  CREATE TABLE areas AS SELECT area, COUNT(*) AS n FROM s GROUP BY area;`

const rows = Array.from({ length: 100 }, (_, i) => ({ k: `k${i % 7}`, area: `a${i % 3}`, n: i }))

async function answers(engine: Engine): Promise<unknown> {
  const consistency = { offsets: await ends(engine) }
  const sort = (list: Record<string, unknown>[]): unknown[] =>
    list.map((row) => Object.values(row)).sort((a, b) => String(a).localeCompare(String(b)))
  return {
    sums: sort(await engine.query('SELECT * FROM sums;', { consistency })),
    areas: sort(await engine.query('SELECT * FROM areas;', { consistency })),
  }
}

async function ends(engine: Engine): Promise<Record<string, Record<number, number>>> {
  const offsets: Record<number, number> = {}
  const partitions = [0, 1].map((partition) => ({ topic: 's', partition }))
  for (const end of await engine.kafka.admin.endOffsets(partitions))
    offsets[end.partition] = end.offset
  return { s: offsets }
}

test('catalog, queries and state are there again, and go on', async () => {
  let before: unknown
  {
    await using engine = await Engine.open({ directory })
    await engine.execute(script)
    await engine.insert('s', rows)
    before = await answers(engine)
  }
  await using engine = await Engine.open({ directory })
  expect(engine.sources.map((source) => source.name)).toEqual(['S', 'SUMS', 'AREAS'])
  expect(engine.queries.map((query) => query.id)).toEqual(['CTAS_SUMS_1', 'CTAS_AREAS_2'])
  expect(await answers(engine)).toEqual(before)
  await engine.insert('s', { k: 'k0', area: 'a9', n: 1000 })
  expect(
    await engine.query("SELECT total FROM sums WHERE k = 'k0';", {
      consistency: engine.position(),
    }),
  ).toEqual([{ TOTAL: 735 + 1000 }])
})

test('a deleted state directory is restored from the changelogs', async () => {
  let before: unknown
  {
    await using engine = await Engine.open({ directory })
    await engine.execute(script)
    await engine.insert('s', rows)
    before = await answers(engine)
  }
  expect(existsSync(join(directory, 'state'))).toBe(true)
  await rm(join(directory, 'state'), { recursive: true })
  await using engine = await Engine.open({ directory })
  expect(await answers(engine)).toEqual(before)
})

test('what was dropped or paused stays so', async () => {
  {
    await using engine = await Engine.open({ directory })
    await engine.execute(`${script} DROP TABLE areas DELETE TOPIC; PAUSE CTAS_SUMS_1;`)
  }
  await using engine = await Engine.open({ directory })
  expect(engine.queries).toMatchObject([{ id: 'CTAS_SUMS_1', state: 'PAUSED' }])
  await engine.insert('s', rows)
  await engine.execute('RESUME CTAS_SUMS_1;')
  expect(
    await engine.query("SELECT total FROM sums WHERE k = 'k0';", {
      consistency: engine.position(),
    }),
  ).toEqual([{ TOTAL: 735 }])
})

test('a second engine on the directory is refused', async () => {
  await using _engine = await Engine.open({ directory })
  await expect(Engine.open({ directory })).rejects.toMatchObject({ code: 'VARVE_LOCKED' })
})
