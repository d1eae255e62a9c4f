import { VirtualClock } from '@varve/base/testing'
import { readBatchHeaders } from '@varve/kafka-protocol'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask, batchOf, createTopic, fetch, produce, readAll } from './support.ts'

const compacted = {
  'cleanup.policy': 'compact',
  'segment.bytes': '600',
  'segment.ms': '9223372036854775807',
  'min.cleanable.dirty.ratio': '0.01',
  'index.interval.bytes': '100',
}

function newest(
  records: readonly { readonly key: string | null; readonly value: string | null }[],
): Map<string | null, string | null> {
  const map = new Map<string | null, string | null>()
  for (const { key, value } of records) {
    if (value === null) map.delete(key)
    else map.set(key, value)
  }
  return map
}

/** Lets the cleaner run and end: it works between turns of the event loop. */
async function letClean(clock: VirtualClock): Promise<void> {
  await clock.advance(15_001)
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('compaction', () => {
  test('keeps the newest of each key with its offset, and takes no record without a key', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({ directory: ':memory:', clock })
    await createTopic(broker, 'table', compacted)
    for (let i = 0; i < 100; i++) {
      await produce(broker, 'table', batchOf([[`k${i % 7}`, `v${i}`, clock.now()]]))
    }
    const before = await readAll(broker, 'table')
    await letClean(clock)
    const after = await readAll(broker, 'table')
    expect(after.length).toBeLessThan(30)
    expect(newest(after)).toEqual(newest(before))
    for (const record of after) expect(before).toContainEqual(record)
    expect((await produce(broker, 'table', batchOf([[null, 'v']]))).errorCode).toBe(87)
    expect((await fetch(broker, 'table', 0)).errorCode).toBe(0)
    expect((await fetch(broker, 'table', 37)).errorCode).toBe(0)
  })

  test('tombstones stay for their time and then go', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({ directory: ':memory:', clock })
    await createTopic(broker, 'table', { ...compacted, 'delete.retention.ms': '100000' })
    const filler = async (): Promise<void> => {
      for (let i = 0; i < 12; i++) {
        await produce(broker, 'table', batchOf([['filler', 'x'.repeat(50), clock.now()]]))
      }
    }
    await produce(broker, 'table', batchOf([['gone', 'v', clock.now()]]))
    await produce(broker, 'table', batchOf([['gone', null, clock.now()]]))
    await filler()
    await letClean(clock)
    const tombstones = async (): Promise<number> =>
      (await readAll(broker, 'table')).filter(({ key }) => key === 'gone').length
    expect(await tombstones()).toBe(1)
    await filler()
    await letClean(clock)
    expect(await tombstones()).toBe(1)
    await clock.advance(100_000)
    await filler()
    await letClean(clock)
    expect(await tombstones()).toBe(0)
  })

  test('aborted records go, markers and sequences stay, also over a restart', async () => {
    const clock = new VirtualClock()
    const fileSystem = new MemoryFileSystem()
    const broker = await EmbeddedBroker.open({ directory: '/data', fileSystem, clock })
    await createTopic(broker, 'table', compacted)
    const { producerId, producerEpoch } = await ask(broker, 'InitProducerId', {
      transactionalId: 'tx',
      transactionTimeoutMs: 10_000,
    })
    const identity = { transactionalId: 'tx', producerId, producerEpoch }
    for (let i = 0; i < 20; i++) {
      await ask(broker, 'AddPartitionsToTxn', {
        ...identity,
        topics: [{ topic: 'table', partitions: [0] }],
      })
      const stamp = { producerId, producerEpoch, baseSequence: i, isTransactional: true }
      const batch = batchOf([[`k${i % 3}`, `v${i}`, clock.now()]], stamp)
      expect((await produce(broker, 'table', batch, 'tx')).errorCode).toBe(0)
      await ask(broker, 'EndTxn', { ...identity, committed: i % 2 === 0 })
    }
    const read = (from: EmbeddedBroker): ReturnType<typeof readAll> =>
      readAll(from, 'table', { readCommitted: true })
    const before = newest(await read(broker))
    await letClean(clock)
    expect(newest(await read(broker))).toEqual(before)
    expect((await readAll(broker, 'table')).some(({ value }) => value === 'v1')).toBe(false)
    fileSystem.crash({ loss: 'process' })
    await using again = await EmbeddedBroker.open({ directory: '/data', fileSystem, clock })
    expect(newest(await read(again))).toEqual(before)
    expect(again.recoveredCuts).toEqual([])
  })

  test('power lost at any step of a pass leaves the newest of each key', async () => {
    const clock = new VirtualClock()
    const memory = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(memory)
    const options = { directory: '/data', clock, flush: 'every-batch' } as const
    const broker = await EmbeddedBroker.open({ ...options, fileSystem })
    await createTopic(broker, 'table', compacted)
    for (let i = 0; i < 40; i++) {
      await produce(broker, 'table', batchOf([[`k${i % 5}`, `v${i}`, clock.now()]]))
    }
    const expected = newest(await readAll(broker, 'table'))
    const before = (await readAll(broker, 'table')).length
    const forks: { readonly at: string; readonly disk: MemoryFileSystem }[] = []
    fileSystem.observe((operation, path) => {
      if (!path.includes('table-0')) return
      for (const seed of [undefined, forks.length]) {
        const disk = memory.forkAfterPowerLoss(seed === undefined ? {} : { seed })
        forks.push({ at: `${operation} ${path}`, disk })
      }
    })
    await letClean(clock)
    fileSystem.observe(undefined)
    expect((await readAll(broker, 'table')).length).toBeLessThan(before)
    expect(forks.length).toBeGreaterThan(30)
    for (const { at, disk } of forks) {
      const life = { directory: '/data', clock: new VirtualClock(clock.now()), fileSystem: disk }
      await using after = await EmbeddedBroker.open(life)
      expect(newest(await readAll(after, 'table')), at).toEqual(expected)
      expect((await fetch(after, 'table', 40)).errorCode, at).toBe(0)
    }
    await broker.close()
  })

  test('any history reads the same before and after, under restarts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            key: fc.integer({ min: 0, max: 5 }),
            deleted: fc.boolean(),
            then: fc.constantFrom('go', 'go', 'go', 'clean', 'crash', 'close'),
          }),
          { minLength: 1, maxLength: 80 },
        ),
        async (history) => {
          const fileSystem = new MemoryFileSystem()
          const failures: unknown[] = []
          let clock = new VirtualClock()
          const open = (): Promise<EmbeddedBroker> => {
            // A clock per life: the timers of a crashed broker must not fire any more.
            clock = new VirtualClock(clock.now())
            const onBackgroundError = (error: unknown): void => void failures.push(error)
            return EmbeddedBroker.open({ directory: '/data', fileSystem, clock, onBackgroundError })
          }
          let broker = await open()
          await createTopic(broker, 'table', compacted)
          const model = new Map<string | null, string | null>()
          for (const [i, step] of history.entries()) {
            const key = `k${step.key}`
            const value = step.deleted ? null : `v${i}`
            await produce(broker, 'table', batchOf([[key, value, clock.now()]]))
            if (value === null) model.delete(key)
            else model.set(key, value)
            if (step.then === 'clean') await letClean(clock)
            if (step.then === 'close') await broker.close()
            if (step.then === 'crash') fileSystem.crash({ loss: 'process' })
            if (step.then === 'crash' || step.then === 'close') {
              broker = await open()
            }
          }
          await letClean(clock)
          const all = await readAll(broker, 'table')
          expect(newest(all)).toEqual(model)
          const offsets = all.map(({ offset }) => offset)
          expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
          await broker.close()
          expect(failures).toEqual([])
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)
})

describe('retention and deletion of records', () => {
  test('old segments go, the log start moves, reads below it answer 1', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({ directory: ':memory:', clock })
    await createTopic(broker, 'events', { 'segment.bytes': '600', 'retention.ms': '3600000' })
    for (let i = 0; i < 40; i++) {
      await produce(broker, 'events', batchOf([['k', 'v'.repeat(50), clock.now()]]))
      await clock.advance(120_000)
    }
    const fetched = await fetch(broker, 'events', 39)
    expect(fetched.logStartOffset).toBeGreaterThan(0)
    expect(fetched.logStartOffset).toBeLessThan(25)
    expect((await fetch(broker, 'events', 0)).errorCode).toBe(1)
    await clock.advance(7_200_000)
    expect((await fetch(broker, 'events', 40)).logStartOffset).toBe(40)
  })

  test('DeleteRecords moves the start within a segment, over a crash too', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { directory: '/data', fileSystem }
    const before = await EmbeddedBroker.open(options)
    await createTopic(before, 'events')
    for (let i = 0; i < 5; i++) await produce(before, 'events', batchOf([['k', String(i)]]))
    const answer = await ask(before, 'DeleteRecords', {
      topics: [{ topic: 'events', partitions: [{ partition: 0, offset: 3 }] }],
      timeoutMs: 1000,
    })
    expect(answer.topics[0]!.partitions[0]).toEqual({ partition: 0, lowWatermark: 3, errorCode: 0 })
    fileSystem.crash({ loss: 'process' })
    await using broker = await EmbeddedBroker.open(options)
    expect((await fetch(broker, 'events', 2)).errorCode).toBe(1)
    expect((await fetch(broker, 'events', 3)).logStartOffset).toBe(3)
    expect([...readBatchHeaders((await fetch(broker, 'events', 3)).records)]).toHaveLength(2)
  })
})
