import {
  bytewiseComparator,
  CorruptionError,
  encodeInternalKey,
  IoError,
  ReadOnlyError,
  reverseBytewiseComparator,
  utf8Bytes,
  ValueType,
} from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { readManifestRecords, VersionSet, type FileMetadata } from '../src/index.ts'

let fs: MemoryFileSystem
beforeEach(async () => {
  fs = new MemoryFileSystem()
  await fs.mkdir('/db')
  await fs.syncDirectory('/')
})
afterEach(assertNoOpenResources)

function table(number: number, smallest: string, largest: string, sequence: number): FileMetadata {
  return {
    number,
    fileSizeBytes: 1000,
    smallest: encodeInternalKey(utf8Bytes(smallest), sequence, ValueType.Value),
    largest: encodeInternalKey(utf8Bytes(largest), sequence, ValueType.Value),
    smallestSequence: sequence,
    largestSequence: sequence,
  }
}

/** `L0: 9 8 | L1: 7`: numbers of the tables by level. */
function show(versions: VersionSet, id: number = 0): string {
  return versions
    .columnFamily(id)
    .current.levels.map((files, level) => `L${level}: ${files.map((f) => f.number).join(' ')}`)
    .filter((line) => !line.endsWith(': '))
    .join(' | ')
}

describe('a version set', () => {
  test('remembers files, families, counters and cursors', async () => {
    {
      await using versions = await VersionSet.create(fs, '/db')
      const users = await versions.addColumnFamily('users', reverseBytewiseComparator, 4)
      expect(users).toMatchObject({ id: 1, name: 'users', logNumber: 4 })
      const number = versions.newFileNumber()
      await versions.logAndApply({
        logNumber: 9,
        minLogNumberToKeep: 4,
        newFiles: [
          { level: 0, file: table(number, 'a', 'm', 5) },
          { level: 0, file: table(number + 1, 'b', 'x', 8) },
          { level: 1, file: table(number + 2, 'n', 'z', 2) },
          { level: 1, file: table(number + 3, 'a', 'c', 3) },
        ],
        compactCursors: [{ level: 1, key: table(1, 'q', 'q', 1).smallest }],
      })
      expect(show(versions)).toBe(`L0: ${number + 1} ${number} | L1: ${number + 3} ${number + 2}`)
    }
    await using versions = await VersionSet.recover(fs, '/db')
    expect(show(versions)).toMatch(/^L0: \d+ \d+ \| L1: \d+ \d+$/)
    expect(versions.lastSequence).toBe(8)
    expect(versions.minLogNumberToKeep).toBe(4)
    expect(versions.columnFamily(0).logNumber).toBe(9)
    expect(versions.columnFamily(0).compactCursors.size).toBe(1)
    expect(versions.columnFamilyNamed('users')?.comparator).toBe(reverseBytewiseComparator)
    const used = new Set(versions.liveFileNumbers())
    expect(used.has(versions.newFileNumber())).toBe(false)
    expect(versions.newColumnFamilyId()).toBe(2)
  })

  test('drops a family and never uses its id again', async () => {
    {
      await using versions = await VersionSet.create(fs, '/db')
      const { id } = await versions.addColumnFamily('gone', bytewiseComparator, 4)
      await versions.logAndApply({ columnFamily: id, dropColumnFamily: true })
      expect(versions.columnFamilyNamed('gone')).toBeUndefined()
    }
    await using versions = await VersionSet.recover(fs, '/db')
    expect([...versions.columnFamilies.keys()]).toEqual([0])
    expect((await versions.addColumnFamily('next', bytewiseComparator, 4)).id).toBe(2)
  })

  test('keeps files alive for versions that readers hold', async () => {
    await using versions = await VersionSet.create(fs, '/db')
    await versions.logAndApply({ newFiles: [{ level: 0, file: table(50, 'a', 'b', 1) }] })
    const held = versions.columnFamily(0).current.ref()
    await versions.logAndApply({
      deletedFiles: [{ level: 0, number: 50 }],
      newFiles: [{ level: 1, file: table(51, 'a', 'b', 1) }],
    })
    expect(versions.takeObsoleteFiles()).toEqual([])
    expect(versions.isLive(50)).toBe(true)
    held.unref()
    expect(versions.takeObsoleteFiles()).toEqual([50])
    expect(versions.isLive(50)).toBe(false)
    // A trivial move: the file stays live throughout.
    await versions.logAndApply({
      deletedFiles: [{ level: 1, number: 51 }],
      newFiles: [{ level: 2, file: table(51, 'a', 'b', 1) }],
    })
    expect(versions.takeObsoleteFiles()).toEqual([])
  })

  test('writes a change over several families as an atomic group', async () => {
    await using versions = await VersionSet.create(fs, '/db')
    const { id } = await versions.addColumnFamily('users', bytewiseComparator, 4)
    await versions.logAndApply([{ logNumber: 7 }, { columnFamily: id, logNumber: 7 }])
    const path = `/db/MANIFEST-${String(versions.manifestFileNumber).padStart(6, '0')}`
    const records = await readManifestRecords(fs, path)
    expect(records.slice(-2).map(({ edit }) => edit.atomicGroupRemaining)).toEqual([1, 0])
  })

  test('forgets a group whose end did not reach the disk', async () => {
    let size: number
    let path: string
    {
      await using versions = await VersionSet.create(fs, '/db')
      const { id } = await versions.addColumnFamily('users', bytewiseComparator, 4)
      path = `/db/MANIFEST-${String(versions.manifestFileNumber).padStart(6, '0')}`
      await versions.logAndApply([{ logNumber: 7 }, { columnFamily: id, logNumber: 7 }])
      const records = await readManifestRecords(fs, path)
      size = records.at(-1)!.offset + 3
    }
    const bytes = await fs.readFile(path)
    await fs.writeFileAtomic(path, bytes.subarray(0, size))
    await using versions = await VersionSet.recover(fs, '/db')
    expect(versions.columnFamily(0).logNumber).toBe(0)
  })

  test('goes on in a new manifest when the old one has grown, and loses nothing', async () => {
    const options = { maxManifestFileSizeBytes: 600 }
    await using versions = await VersionSet.create(fs, '/db', options)
    const first = versions.manifestFileNumber
    for (let i = 0; i < 30; i++) {
      const number = versions.newFileNumber()
      await versions.logAndApply({
        newFiles: [{ level: 0, file: table(number, 'a', 'b', i + 1) }],
        ...(i > 3
          ? {
              deletedFiles: [
                { level: 0, number: versions.columnFamily(0).current.levels[0]!.at(-1)!.number },
              ],
            }
          : {}),
      })
      await using again = await VersionSet.recover(fs, '/db', options)
      expect(show(again)).toBe(show(versions))
      expect(again.nextFileNumber).toBeGreaterThan(number)
    }
    expect(versions.manifestFileNumber).toBeGreaterThan(first + 3)
  })

  test('refuses changes that do not fit, and stays usable', async () => {
    await using versions = await VersionSet.create(fs, '/db')
    await versions.logAndApply({ newFiles: [{ level: 1, file: table(50, 'c', 'f', 1) }] })
    await expect(
      versions.logAndApply({ newFiles: [{ level: 1, file: table(51, 'e', 'k', 2) }] }),
    ).rejects.toThrow('tables 50 and 51 of level 1 overlap')
    await expect(
      versions.logAndApply({ deletedFiles: [{ level: 0, number: 50 }] }),
    ).rejects.toThrow(CorruptionError)
    await versions.logAndApply({ newFiles: [{ level: 1, file: table(52, 'g', 'k', 2) }] })
    expect(show(versions)).toBe('L1: 50 52')
  })

  test('refuses every change after a failed write', async () => {
    const faulty = new FaultInjectionFileSystem(fs)
    await using versions = await VersionSet.create(faulty, '/db')
    await versions.logAndApply({ logNumber: 3 })
    faulty.inject({ operation: 'sync', path: /MANIFEST/, error: 'EIO', times: 1 })
    await expect(versions.logAndApply({ logNumber: 4 })).rejects.toThrow(IoError)
    await expect(versions.logAndApply({ logNumber: 5 })).rejects.toThrow(ReadOnlyError)
    expect(versions.columnFamily(0).logNumber).toBe(3)
    await using again = await VersionSet.recover(fs, '/db')
    expect([3, 4]).toContain(again.columnFamily(0).logNumber)
  })

  test('survives a loss of power at every step of a change', async () => {
    await using versions = await VersionSet.create(fs, '/db', { maxManifestFileSizeBytes: 300 })
    for (let i = 1; i <= 12; i++) {
      await versions.logAndApply({ logNumber: i })
      const after = fs.forkAfterPowerLoss({ seed: i })
      await using again = await VersionSet.recover(after, '/db')
      expect(again.columnFamily(0).logNumber).toBe(i)
    }
  })

  test('refuses a family stored under another order', async () => {
    await (await VersionSet.create(fs, '/db')).close()
    await expect(
      VersionSet.recover(fs, '/db', { comparator: () => reverseBytewiseComparator }),
    ).rejects.toThrow('column family "default" was made with "leveldb.BytewiseComparator"')
  })

  test('finds every flipped bit: none passes for an earlier end', async () => {
    {
      await using versions = await VersionSet.create(fs, '/db')
      for (const number of [50, 51, 52])
        await versions.logAndApply({ newFiles: [{ level: 0, file: table(number, 'a', 'b', 5) }] })
    }
    const path = `/db/${(await fs.list('/db')).filter((n) => n.startsWith('MANIFEST')).at(-1)!}`
    const whole = await fs.readFile(path)
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = new Uint8Array(whole)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      await fs.writeFileAtomic(path, damaged)
      await expect(readManifestRecords(fs, path), `bit ${bit}`).rejects.toThrow(CorruptionError)
    }
  })

  test('reports a flipped bit with file and offset', async () => {
    {
      await using versions = await VersionSet.create(fs, '/db')
      await versions.logAndApply({ logNumber: 3 })
    }
    const name = (await fs.list('/db')).filter((n) => n.startsWith('MANIFEST')).at(-1)!
    const bytes = new Uint8Array(await fs.readFile(`/db/${name}`))
    bytes[20]! ^= 4
    await fs.writeFileAtomic(`/db/${name}`, bytes)
    await expect(VersionSet.recover(fs, '/db')).rejects.toThrow(CorruptionError)
    await expect(VersionSet.recover(fs, '/db')).rejects.toThrow(name)
  })
})
