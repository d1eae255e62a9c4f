import { InvalidOptionError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { fc } from '@fast-check/vitest'
import { afterEach, describe, expect, it } from 'vitest'

import { DB, WriteBufferManager } from '../index.ts'
import { exceeds } from './write-buffer-manager.ts'

afterEach(() => assertNoOpenResources())

describe('a bound on memtables', () => {
  it('is exceeded by RocksDB’s rule', () => {
    expect(exceeds(875, 875, 1000)).toBe(false)
    expect(exceeds(876, 876, 1000)).toBe(true)
    expect(exceeds(500, 1000, 1000)).toBe(true)
    expect(exceeds(499, 5000, 1000)).toBe(false)
    expect(() => new WriteBufferManager({ bufferSizeBytes: 0 })).toThrow(InvalidOptionError)
  })

  it('holds over several databases: the largest memtable of all goes first', async () => {
    const limit = 1 << 20
    const writeBufferManager = new WriteBufferManager({ bufferSizeBytes: limit })
    const fileSystem = new MemoryFileSystem()
    const options = { fileSystem, createIfMissing: true, writeBufferManager }
    await using quiet = await DB.open('/quiet', options)
    await using first = await DB.open('/first', options)
    await using second = await DB.open('/second', { ...options, columnFamilies: { other: {} } })
    const value = 'x'.repeat(1000)
    for (let i = 0; i < 400; i++) await quiet.put(`k${i}`, value)
    const isFlushed = (db: DB): boolean => db.getIntProperty('rocksdb.total-sst-files-size')! > 0
    expect(isFlushed(quiet)).toBe(false)
    expect(writeBufferManager.memoryUsageBytes).toBeGreaterThan(300_000)
    let most = 0
    const cf = second.columnFamily('other')
    for (let i = 0; i < 2000; i++) {
      await (i % 2 === 0 ? first.put(`k${i}`, value) : second.put(`k${i}`, value, { cf }))
      most = Math.max(most, writeBufferManager.memoryUsageBytes)
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    // It has not written for long, but had the most.
    expect(isFlushed(quiet)).toBe(true)
    expect(most).toBeLessThan(2 * limit)
    expect(await quiet.get('k399', { encoding: 'utf8' })).toBe(value)
    expect(await second.get('k1', { cf, encoding: 'utf8' })).toBe(value)
    await quiet.flush()
    await first.flush()
    await second.flush()
    expect(writeBufferManager.memoryUsageBytes).toBeLessThan(100_000)
    await quiet.close()
    await first.close()
    await second.close()
    expect(writeBufferManager.memoryUsageBytes).toBe(0)
  })

  it('counts what its members say, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(4), fc.nat(3000), fc.nat(3000)), { maxLength: 60 }),
        (steps) => {
          const manager = new WriteBufferManager({ bufferSizeBytes: 4096 })
          const members = Array.from({ length: 5 }, () => ({
            largestActiveBytes: 0,
            flushes: 0,
            flushLargest() {
              this.flushes++
            },
          }))
          const held = members.map(() => [0, 0] as [number, number])
          for (const [who, active, sealed] of steps) {
            const member = members[who]!
            member.largestActiveBytes = active
            held[who] = [active, active + sealed]
            const before = members.map(({ flushes }) => flushes)
            manager.update(member, active, active + sealed)
            const sum = (i: 0 | 1): number => held.reduce((total, one) => total + one[i], 0)
            expect(manager.mutableMemoryUsageBytes).toBe(sum(0))
            expect(manager.memoryUsageBytes).toBe(sum(1))
            const flushed = members.filter(({ flushes }, i) => flushes > before[i]!)
            expect(flushed).toHaveLength(exceeds(sum(0), sum(1), 4096) ? 1 : 0)
            const most = Math.max(...members.map((one) => one.largestActiveBytes))
            for (const one of flushed) expect(one.largestActiveBytes).toBe(most)
          }
          for (const member of members) manager.remove(member)
          expect(manager.memoryUsageBytes).toBe(0)
        },
      ),
    )
  })
})
