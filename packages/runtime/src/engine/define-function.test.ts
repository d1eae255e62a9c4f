import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { Engine } from './engine.ts'

function define(engine: Engine): void {
  engine.defineFunction(
    'hypot',
    { args: { a: 'DOUBLE', b: 'DOUBLE' }, returns: 'DOUBLE' },
    ({ a, b }) => Math.hypot(a!, b!),
  )
  engine.defineAggregate<{ word: 'STRING' }, Map<string, number>>(
    'WORDS',
    { args: { word: 'STRING' }, state: 'MAP<STRING, INT>', returns: 'ARRAY<STRING>' },
    {
      initialize: () => new Map(),
      add: (counts, { word }) => new Map(counts).set(word!, (counts.get(word!) ?? 0) + 1),
      result: (counts) => [...counts.keys()].sort((x, y) => (x < y ? -1 : 1)),
    },
  )
}

test('closures are functions of the dialect, and queries that use them come back once they are defined', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'varve-functions-'))
  try {
    {
      await using engine = await Engine.open({ directory })
      define(engine)
      await engine.execute(`
        CREATE STREAM s (k STRING KEY, x DOUBLE, y DOUBLE, w STRING) WITH (kafka_topic='s', partitions=1, value_format='json');
        CREATE STREAM d AS SELECT k, hypot(x, y) AS r FROM s;
        CREATE TABLE t AS SELECT k, words(w) AS words FROM s GROUP BY k;`)
      await engine.insert('s', { k: 'a', x: 3, y: 4, w: 'two' })
    }
    await using engine = await Engine.open({ directory })
    await expect.poll(() => engine.queries.map((query) => query.state)).toEqual(['ERROR', 'ERROR'])
    define(engine)
    await engine.insert('s', { k: 'a', x: 6, y: 8, w: 'one' })
    const consistency = engine.position()
    expect(await engine.query('SELECT * FROM t;', { consistency })).toEqual([
      { K: 'a', WORDS: ['one', 'two'] },
    ])
    for await (const change of engine.subscribe('d', { from: 'earliest' })) {
      if (change.after!['R'] === 10) break
    }
    expect(engine.queries.map((query) => query.state)).toEqual(['RUNNING', 'RUNNING'])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('a name that is taken is refused', async () => {
  await using engine = await Engine.open({ directory: ':memory:' })
  expect(() => engine.defineFunction('COUNT', { args: {}, returns: 'INT' }, () => 1)).toThrow(
    'COUNT',
  )
})
