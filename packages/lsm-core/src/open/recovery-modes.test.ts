import { CorruptionError } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { MemoryFileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DB, type WalRecoveryMode } from '../index.ts'

const modes: readonly WalRecoveryMode[] = [
  'tolerateCorruptedTailRecords',
  'absoluteConsistency',
  'pointInTime',
  'skipAnyCorruptedRecords',
]
const writes = 40
const blockBytes = 32 * 1024

/** Numbers of the writes that are there after opening, or that opening fails. */
type Outcome = 'all' | 'without the last' | 'before the damage' | 'all but the block' | 'refused'

describe('recovery of a log', () => {
  let disk: MemoryFileSystem
  let path: string
  let log: Uint8Array
  /** Where the record of each write begins, and where the last one ends. */
  let starts: number[]

  beforeEach(async () => {
    disk = new MemoryFileSystem()
    starts = []
    const db = await DB.open('/db', { fileSystem: disk, createIfMissing: true })
    path = `/db/${(await disk.list('/db')).find((name) => name.endsWith('.log'))!}`
    for (let n = 0; n < writes; n++) {
      starts.push((await disk.stat(path)).sizeBytes)
      db.putSync(`key${String(n).padStart(2, '0')}`, 'value'.repeat(500))
    }
    starts.push((await disk.stat(path)).sizeBytes)
    const dead = disk.forkAfterProcessDeath()
    await db.close()
    disk = dead
    log = await disk.readFile(path)
  })
  afterEach(() => assertNoOpenResources())

  const open = async (mode: WalRecoveryMode): Promise<number[] | 'refused'> => {
    const fileSystem = disk.forkAfterProcessDeath()
    try {
      const found: number[] = []
      {
        await using db = await DB.open('/db', { fileSystem, walRecoveryMode: mode })
        for await (const [key] of db.range()) found.push(Number(Buffer.from(key).subarray(3)))
        await db.put('later', '1')
      }
      // The next opening goes on from there, in any mode.
      await using db = await DB.open('/db', { fileSystem, walRecoveryMode: 'absoluteConsistency' })
      expect(await db.get('later')).toBeDefined()
      return found
    } catch (error) {
      expect(error).toBeInstanceOf(CorruptionError)
      return 'refused'
    }
  }

  const expectOutcomes = async (
    damage: (bytes: Uint8Array) => Uint8Array,
    outcomes: Readonly<Record<WalRecoveryMode, Outcome>>,
    at: number,
  ): Promise<void> => {
    await disk.writeFileAtomic(path, damage(new Uint8Array(log)))
    const all = Array.from({ length: writes }, (_, n) => n)
    for (const mode of modes) {
      const expected = {
        all,
        'without the last': all.slice(0, -1),
        'before the damage': all.slice(0, at),
        // A length that is damaged says nothing of where the next record begins.
        'all but the block': all.filter(
          (n) =>
            n < at || Math.floor(starts[n]! / blockBytes) > Math.floor(starts[at]! / blockBytes),
        ),
        refused: 'refused' as const,
      }[outcomes[mode]]
      expect(await open(mode), mode).toEqual(expected)
    }
  }

  it('takes all of a whole one, in every mode', async () => {
    await expectOutcomes(
      (bytes) => bytes,
      {
        tolerateCorruptedTailRecords: 'all',
        absoluteConsistency: 'all',
        pointInTime: 'all',
        skipAnyCorruptedRecords: 'all',
      },
      0,
    )
  })

  it('does without a record that was torn at the end, but for absolute consistency', async () => {
    for (const missing of [1, 20, starts[writes]! - starts[writes - 1]! - 1]) {
      await expectOutcomes(
        (bytes) => bytes.subarray(0, bytes.length - missing),
        {
          tolerateCorruptedTailRecords: 'without the last',
          absoluteConsistency: 'refused',
          pointInTime: 'without the last',
          skipAnyCorruptedRecords: 'without the last',
        },
        writes - 1,
      )
    }
  })

  it('takes zeros for space that was never written, but not before records of a later log', async () => {
    await disk.writeFileAtomic(path, new Uint8Array(log.length))
    expect(await open('absoluteConsistency')).toEqual([])
    await disk.writeFileAtomic(path.replace(/\d+\.log$/, '000900.log'), log)
    expect(await open('absoluteConsistency')).toBe('refused')
  })

  it('takes no zeros for it when a family has tables of what came after', async () => {
    const columnFamilies = { default: {}, ahead: {} }
    const fileSystem = new MemoryFileSystem()
    let name: string
    {
      await using db = await DB.open('/two', { fileSystem, columnFamilies, createIfMissing: true })
      name = (await fileSystem.list('/two')).find((one) => one.endsWith('.log'))!
      await db.put('a', '1')
      await db.put('b', '2', { cf: db.columnFamily('ahead') })
      await db.flush({ cf: db.columnFamily('ahead') })
    }
    const { length } = await fileSystem.readFile(`/two/${name}`)
    await fileSystem.writeFileAtomic(`/two/${name}`, new Uint8Array(length))
    const walRecoveryMode = 'absoluteConsistency'
    await expect(DB.open('/two', { fileSystem, columnFamilies, walRecoveryMode })).rejects.toThrow(
      'tables are ahead of the logs in column family "ahead"',
    )
  })

  it('refuses tables that are ahead of the first of two damaged logs', async () => {
    const columnFamilies = { default: {}, ahead: {} }
    const fileSystem = new MemoryFileSystem()
    {
      await using db = await DB.open('/two', { fileSystem, columnFamilies, createIfMissing: true })
      await db.put('a', '1')
      await db.put('b', '2', { cf: db.columnFamily('ahead') })
      await db.flush({ cf: db.columnFamily('ahead') })
      await db.put('c', '3')
    }
    const logs = (await fileSystem.list('/two')).filter((name) => name.endsWith('.log')).sort()
    expect(logs).toHaveLength(2)
    for (const name of logs) {
      const bytes = new Uint8Array(await fileSystem.readFile(`/two/${name}`))
      bytes[9]! ^= 1
      await fileSystem.writeFileAtomic(`/two/${name}`, bytes)
      await expect(DB.open('/two', { fileSystem, columnFamilies })).rejects.toThrow(
        'tables are ahead of the logs in column family "ahead"',
      )
    }
  })

  it('judges a damaged record in the middle by its mode', async () => {
    for (const at of [0, 7, 20, writes - 2]) {
      await expectOutcomes(
        (bytes) => {
          bytes[starts[at]! + 20]! ^= 1
          return bytes
        },
        {
          tolerateCorruptedTailRecords: 'refused',
          absoluteConsistency: 'refused',
          pointInTime: 'before the damage',
          skipAnyCorruptedRecords: 'all but the block',
        },
        at,
      )
    }
  })
})
