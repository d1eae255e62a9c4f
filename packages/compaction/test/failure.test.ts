import {
  bytewiseComparator,
  encodeInternalKey,
  InternalKeyComparator,
  systemClock,
  utf8Bytes,
  ValueType,
} from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem, type FileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import {
  runCompaction,
  runFlush,
  type CompactionJobDescription,
  type JobEnvironment,
  type JobResult,
  type OutputDescription,
} from '../src/index.ts'
import { ArrayIterator } from './array-iterator.ts'

afterEach(assertNoOpenResources)

let memory: MemoryFileSystem
let fs: FaultInjectionFileSystem
beforeEach(async () => {
  memory = new MemoryFileSystem()
  await memory.mkdir('/db')
  fs = new FaultInjectionFileSystem(memory)
})

function environment(over: FileSystem, more: Partial<JobEnvironment> = {}): JobEnvironment {
  return { fs: over, clock: systemClock, comparator: () => bytewiseComparator, ...more }
}

function output(first: number, count: number): OutputDescription {
  return {
    directory: '/db',
    columnFamilyId: 0,
    columnFamilyName: 'default',
    comparatorName: bytewiseComparator.name,
    fileNumbers: { first, count },
    snapshots: [],
    table: {},
  }
}

function flush(number: number, more: Partial<JobEnvironment> = {}): Promise<JobResult> {
  const entries = Array.from({ length: 3000 }, (_, i) => ({
    key: encodeInternalKey(utf8Bytes(`key${i}`), number * 10_000 + i, ValueType.Value),
    value: utf8Bytes(`value-${i}`.repeat(20)),
  }))
  return runFlush(
    output(number, 1),
    {
      entries: new ArrayIterator(entries, new InternalKeyComparator(bytewiseComparator)),
      rangeTombstones: [],
    },
    environment(fs, more),
  )
}

async function compactionOf(...numbers: number[]): Promise<CompactionJobDescription> {
  const files = []
  for (const number of numbers) files.unshift((await flush(number)).outputs[0]!.file)
  return {
    ...output(100, 20),
    inputs: [{ level: 0, files }],
    outputLevel: 1,
    bottommost: true,
    deeperLevels: [],
    grandparents: [],
    alignsWithGrandparents: false,
    targetFileSizeBytes: 15_000,
    maxCompactionBytes: 1e9,
  }
}

describe('a job that fails leaves nothing behind', () => {
  test.each(['append', 'sync', 'open'] as const)('when %s fails in a flush', async (operation) => {
    fs.inject({ operation, path: /\.sst$/, error: 'ENOSPC', times: 1 })
    await expect(flush(5)).rejects.toThrow('000005.sst')
    expect(await memory.list('/db')).toEqual([])
  })

  test('when a later output of a compaction cannot be written', async () => {
    const job = await compactionOf(5, 6)
    fs.inject({ operation: 'sync', path: /00010\d\.sst$/, after: 2, error: 'EIO', times: 1 })
    await expect(runCompaction(job, environment(fs))).rejects.toThrow('.sst')
    expect(await memory.list('/db')).toEqual(['000005.sst', '000006.sst'])
  })

  test('when an input is damaged', async () => {
    const job = await compactionOf(5, 6)
    const bytes = new Uint8Array(await memory.readFile('/db/000005.sst'))
    bytes[5000]! ^= 1
    await memory.writeFileAtomic('/db/000005.sst', bytes)
    await expect(runCompaction(job, environment(fs))).rejects.toThrow(
      /checksum mismatch in a block in "\/db\/000005.sst" at offset \d+/,
    )
    expect(await memory.list('/db')).toEqual(['000005.sst', '000006.sst'])
  })

  test('when it is told to stop', async () => {
    const job = await compactionOf(5, 6)
    const controller = new AbortController()
    controller.abort(new Error('closing'))
    await expect(
      runCompaction(job, environment(fs, { signal: controller.signal })),
    ).rejects.toThrow('closing')
    expect(await memory.list('/db')).toEqual(['000005.sst', '000006.sst'])
  })
})

test('a job crosses to a worker by structured clone and yields between slices', async () => {
  const job = structuredClone(await compactionOf(5, 6))
  let now = 0
  let turns = 0
  const clock = { ...systemClock, monotonicMs: () => (now += 3) }
  const result = await runCompaction(
    job,
    environment(fs, {
      clock,
      yieldControl: async () => {
        turns++
      },
    }),
  )
  expect(turns).toBeGreaterThan(3)
  expect(structuredClone(result).outputs.length).toBeGreaterThan(2)
  expect(result.stats).toMatchObject({ entriesRead: 6000, entriesWritten: 3000 })
})
