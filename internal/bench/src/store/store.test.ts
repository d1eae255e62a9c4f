import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { storeBenchmark } from './store.ts'

test('rows run in processes of their own, and one that was measured is not run again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'varve-bench-test-'))
  const run = (rounds: number, lines: string[]) =>
    storeBenchmark({
      rounds,
      entries: 500,
      directory,
      workloads: ['fillbatch', 'stream-100k'],
      peers: ['varve-rows'],
      progress: (line) => lines.push(line),
    })
  try {
    const first: string[] = []
    const [fillbatch, stream] = await run(1, first)
    expect(first).toHaveLength(3)
    expect(fillbatch!.figures.map(({ name }) => name)).toEqual(['varve'])
    expect(stream!.figures.map(({ name }) => name)).toEqual(['varve', 'varve-rows'])
    expect(stream!.figures[0]!.median).toBeGreaterThan(0)
    const again: string[] = []
    await run(1, again)
    expect(again).toEqual([])
    expect(
      Object.keys(JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as object),
    ).toHaveLength(3)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}, 120_000)
