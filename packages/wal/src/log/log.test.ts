import { fc, test } from '@fast-check/vitest'
import { formatHex, ReadOnlyError, type CorruptionError } from '@varve/base'
import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem, type FileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { LogReader, LogWriter, type WalRecoveryMode } from '../index.ts'

const path = '/000007.log'

async function write(fs: FileSystem, records: readonly Uint8Array[]): Promise<void> {
  await using writer = await LogWriter.open(fs, path)
  for (const record of records) writer.addRecord(record)
}

async function read(
  fs: FileSystem,
  recoveryMode: WalRecoveryMode = 'absoluteConsistency',
  sizeBytes?: number,
): Promise<{ records: Uint8Array[]; damage: CorruptionError[]; offsets: number[] }> {
  const damage: CorruptionError[] = []
  await using reader = await LogReader.open(fs, path, {
    recoveryMode,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    onCorruption: (error) => damage.push(error),
  })
  const records: Uint8Array[] = []
  const offsets: number[] = []
  for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord()) {
    records.push(new Uint8Array(record))
    offsets.push(reader.recordOffset)
  }
  return { records, damage, offsets }
}

async function patch(
  fs: MemoryFileSystem,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const changed = change(fs.readFileSync(path))
  const file = fs.openWritableSync(path)
  file.appendSync(changed)
  file.closeSync()
}

const modes: readonly WalRecoveryMode[] = [
  'tolerateCorruptedTailRecords',
  'absoluteConsistency',
  'pointInTime',
  'skipAnyCorruptedRecords',
]

const filled = (length: number, seed: number): Uint8Array => createSeededRandom(seed).bytes(length)

describe('log', () => {
  afterEach(() => assertNoOpenResources())

  it('has the bytes of the format', async () => {
    const fs = new MemoryFileSystem()
    await write(fs, [new Uint8Array(0), new TextEncoder().encode('abc')])
    const hex = formatHex(fs.readFileSync(path))
    expect(hex.slice(8)).toBe('000001' + hex.slice(14, 22) + '0300' + '01' + '616263')
    expect((await read(fs)).offsets).toEqual([0, 7])
  })

  const block = 32_768
  const size = fc.oneof(
    fc.nat(300),
    // Around the ends of blocks: no room for a header, exactly a header, one byte more.
    fc.integer({ min: block - 30, max: block + 10 }),
    fc.integer({ min: 2 * block - 30, max: 3 * block }),
  )
  test.prop([fc.array(size, { maxLength: 8 }), fc.nat(8)], { numRuns: 60 })(
    'gives back its records, also when it was closed and opened again between',
    async (sizes, cut) => {
      const fs = new MemoryFileSystem()
      const records = sizes.map((length, i) => filled(length, i + 1))
      await write(fs, records.slice(0, cut))
      {
        await using writer = await LogWriter.open(fs, path, { mode: 'append' })
        for (const record of records.slice(cut)) writer.addRecord(record)
      }
      const found = await read(fs)
      expect(found.damage).toEqual([])
      expect(found.records.length).toBe(records.length)
      for (const [i, record] of records.entries())
        expect(Buffer.compare(found.records[i]!, record)).toBe(0)
    },
  )

  test.prop([fc.array(size, { maxLength: 8 }), fc.array(size, { maxLength: 8 }), fc.nat(40)], {
    numRuns: 60,
  })(
    'written over an older one gives back its own records alone',
    async (older, sizes, damageAt) => {
      const fs = new MemoryFileSystem()
      const old = '/000005.log'
      {
        await using writer = await LogWriter.open(fs, old, { recyclableAs: 5 })
        for (const [i, length] of older.entries()) writer.addRecord(filled(length, i + 100))
      }
      await fs.rename(old, path)
      const records = sizes.map((length, i) => filled(length, i + 1))
      let end: number
      {
        await using writer = await LogWriter.open(fs, path, { mode: 'overwrite', recyclableAs: 7 })
        for (const record of records) writer.addRecord(record)
        end = writer.sizeBytes
        if (damageAt === 0) writer.trimSync()
      }
      for (const mode of modes) {
        const { records: found, damage } = await read(fs, mode)
        expect(found.length).toBe(records.length)
        for (const [i, record] of records.entries())
          expect(Buffer.compare(found[i]!, record)).toBe(0)
        if (mode === 'tolerateCorruptedTailRecords') expect(damage).toEqual([])
      }
      // Up to its own size nothing of the older one shows.
      expect((await read(fs, 'absoluteConsistency', end)).damage).toEqual([])
    },
  )

  test.prop([fc.array(fc.record({ length: size, room: fc.nat(20) })), fc.boolean()], {
    numRuns: 60,
  })(
    'is the same whether records are framed in their own memory or in another',
    async (records, recyclable) => {
      const fs = new MemoryFileSystem()
      const options = recyclable ? { recyclableAs: 7 } : {}
      {
        await using copied = await LogWriter.open(fs, '/copied.log', options)
        await using inPlace = await LogWriter.open(fs, path, options)
        const memory = new Uint8Array(1 << 18)
        for (const [i, { length, room }] of records.entries()) {
          const record = filled(length, i + 1)
          copied.addRecord(record)
          memory.fill(0xff)
          memory.set(record, room)
          inPlace.addRecordIn(memory, room, room + length)
          // The record and what is behind it are left as they were.
          expect(Buffer.compare(memory.subarray(room, room + length), record)).toBe(0)
          expect(memory[room + length]).toBe(0xff)
        }
        expect(inPlace.sizeBytes).toBe(copied.sizeBytes)
      }
      expect(Buffer.compare(await fs.readFile(path), await fs.readFile('/copied.log'))).toBe(0)
    },
  )

  it('takes nothing without its number for a record of a log that is written over', async () => {
    const fs = new MemoryFileSystem()
    await write(fs, [filled(20, 1), filled(20, 2), filled(20, 3)])
    const writer = await LogWriter.open(fs, path, { mode: 'overwrite', recyclableAs: 7 })
    // As long as the first record and its shorter header.
    writer.addRecord(filled(16, 4))
    await writer.close()
    for (const mode of modes) {
      const { records, damage } = await read(fs, mode)
      expect(records).toEqual([filled(16, 4)])
      expect(damage).toEqual([])
    }
  })

  it('is read to its end while it grows within its length', async () => {
    const fs = new MemoryFileSystem()
    await using writer = await LogWriter.open(fs, path)
    writer.preallocateSync(200_000)
    const sizes = [30_000, 2000, 5, 40_000, 70_000, 3]
    const records = sizes.map((length, i) => filled(length, i + 1))
    let next = 0
    // Every look at the file comes between two records, and sees blocks of different moments.
    const file = await fs.openRandomAccess(path)
    const readInto = file.readIntoSync.bind(file)
    file.readIntoSync = (target, offset) => {
      const n = readInto(target, offset)
      const record = records[next++]
      if (record !== undefined) writer.addRecord(record)
      return n
    }
    const found: number[] = []
    const damage: CorruptionError[] = []
    await using reader = new LogReader(file, {
      recoveryMode: 'absoluteConsistency',
      onCorruption: (error) => damage.push(error),
    })
    for (let record = reader.readRecord(); record !== undefined; record = reader.readRecord())
      found.push(record.length)
    expect(damage).toEqual([])
    expect(sizes.slice(0, found.length)).toEqual(found)
  })

  it('pads a block in which no header fits and puts an empty fragment where exactly one does', async () => {
    const fs = new MemoryFileSystem()
    await write(fs, [
      filled(block - 7 - 6, 1),
      filled(10, 2),
      filled(block - 17 - 7 - 7, 3),
      filled(5, 4),
    ])
    const bytes = fs.readFileSync(path)
    expect([...bytes.subarray(block - 6, block)]).toEqual([0, 0, 0, 0, 0, 0])
    expect([...bytes.subarray(2 * block - 3, 2 * block)]).toEqual([0, 0, 2])
    expect((await read(fs)).records.map((record) => record.length)).toEqual([
      block - 13,
      10,
      block - 31,
      5,
    ])
  })

  /** Records read and damage reported, by mode in the order above. */
  const cases: readonly {
    what: string
    sizes: readonly number[]
    change: (bytes: Uint8Array) => Uint8Array
    expected: readonly [number, number][]
  }[] = [
    {
      what: 'a record cut in its body',
      sizes: [100, 100, 100],
      change: (b) => b.subarray(0, b.length - 5),
      expected: [
        [2, 0],
        [2, 1],
        [2, 1],
        [2, 0],
      ],
    },
    {
      what: 'a record cut in its header',
      sizes: [100, 100, 100],
      change: (b) => b.subarray(0, b.length - 103),
      expected: [
        [2, 0],
        [2, 1],
        [2, 1],
        [2, 0],
      ],
    },
    {
      what: 'a record of several blocks cut between them',
      sizes: [100, 2 * block],
      change: (b) => b.subarray(0, block),
      expected: [
        [1, 0],
        [1, 1],
        [1, 1],
        [1, 0],
      ],
    },
    {
      what: 'a tail of zeros',
      sizes: [100, 100],
      change: (b) => new Uint8Array([...b, ...new Uint8Array(5000)]),
      expected: [
        [2, 0],
        [2, 0],
        [2, 0],
        [2, 0],
      ],
    },
    {
      what: 'a flipped bit in the last record',
      sizes: [100, 100],
      change: (b) => flip(b, b.length - 20),
      expected: [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    },
    {
      what: 'a flipped bit in a first block',
      sizes: [100, block, 100],
      change: (b) => flip(b, 50),
      expected: [
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    },
    {
      what: 'a length that leads beyond the end, of a record that others follow',
      sizes: [100, 100, 100],
      change: (b) => flip(b, 107 + 5),
      expected: [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    },
    {
      what: 'noise over the header of a record that others follow',
      sizes: [100, 100, 100],
      change: (b) => new Uint8Array(b).fill(0x5a, 107, 120),
      expected: [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    },
    {
      what: 'zeros over a record that others of its block follow',
      sizes: [100, 100, 100],
      change: (b) => new Uint8Array(b).fill(0, 107, 214),
      expected: [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    },
    {
      what: 'zeros over the beginning of the last record',
      sizes: [100, 100, 100],
      change: (b) => new Uint8Array(b).fill(0, 214, 240),
      expected: [
        [2, 0],
        [2, 1],
        [2, 0],
        [2, 0],
      ],
    },
    {
      what: 'zeros up to the end of a block that others follow',
      sizes: [100, block - 107 - 7, 100],
      change: (b) => new Uint8Array(b).fill(0, 107, block),
      expected: [
        [2, 1],
        [2, 1],
        [2, 1],
        [2, 1],
      ],
    },
  ]
  for (const { what, sizes, change, expected } of cases) {
    it(`after ${what} reads and reports as the mode says`, async () => {
      const fs = new MemoryFileSystem()
      await write(
        fs,
        sizes.map((length, i) => filled(length, i + 1)),
      )
      await patch(fs, change)
      const seen: [number, number][] = []
      for (const mode of modes) {
        const { records, damage } = await read(fs, mode)
        seen.push([records.length, damage.length])
        for (const error of damage) expect(error.file).toBe(path)
      }
      expect(seen).toEqual(expected)
    })
  }

  it('throws damage with file and offset when nobody asked to be told', async () => {
    const fs = new MemoryFileSystem()
    await write(fs, [filled(100, 1), filled(100, 2)])
    await patch(fs, (bytes) => flip(bytes, 150))
    await using reader = await LogReader.open(fs, path)
    expect(reader.readRecord()?.length).toBe(100)
    expect(() => reader.readRecord()).toThrow(
      expect.objectContaining({ code: 'VARVE_CORRUPTION', offset: 107 }),
    )
  })

  test.prop([fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })], {
    numRuns: 100,
  })('never gives out a record that was not written, whatever bytes change', async (changes) => {
    const fs = new MemoryFileSystem()
    const records = [50, 200, block, 20].map((length, i) => filled(length, i + 1))
    const known = new Set(records.map((record) => formatHex(record)))
    await write(fs, records)
    await patch(fs, (bytes) => {
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      return bytes
    })
    for (const mode of modes) {
      for (const record of (await read(fs, mode)).records)
        expect(known.has(formatHex(record))).toBe(true)
    }
  })

  it.each([0, 1, 2])('finds that record %i has turned into one of an older log', async (at) => {
    const fs = new MemoryFileSystem()
    const records = [filled(100, 1), filled(100, 2), filled(100, 3)]
    await write(fs, records)
    await patch(fs, (bytes) => {
      bytes[at * 107 + 6]! ^= 4
      return bytes
    })
    for (const mode of ['absoluteConsistency', 'pointInTime'] as const) {
      const { records: left, damage } = await read(fs, mode)
      expect(left).toEqual(records.slice(0, at))
      expect(damage.map(({ offset }) => offset)).toEqual([at * 107])
    }
  })

  it('throws the first error when the disk goes while it is written, and that of its close when that alone fails', async () => {
    const fileSystem = new FaultInjectionFileSystem(new MemoryFileSystem())
    const write = async (): Promise<void> => {
      await using log = await LogWriter.open(fileSystem, '/log')
      log.addRecord(new Uint8Array(10))
      await log.sync()
    }
    // The calls are open, append, sync and close.
    for (const [call, what] of ['open', 'append', 'sync', 'close'].entries()) {
      fileSystem.failCall(fileSystem.calls + call, { error: 'EIO' }, Number.MAX_SAFE_INTEGER)
      await expect(write()).rejects.toThrow(`cannot ${what} "/log"`)
    }
  })

  it('takes no more records after a failed write', async () => {
    const fs = new FaultInjectionFileSystem(new MemoryFileSystem())
    await using writer = await LogWriter.open(fs, path)
    writer.addRecord(filled(10, 1))
    fs.inject({ operation: 'append', error: 'ENOSPC', times: 1, shortWrite: true })
    expect(() => writer.addRecord(filled(10, 2))).toThrow('no space left')
    expect(() => writer.addRecord(filled(10, 3))).toThrow(ReadOnlyError)
    expect(() => writer.addRecordIn(filled(30, 4), 20, 30)).toThrow(ReadOnlyError)
    expect((await read(fs, 'tolerateCorruptedTailRecords')).records.length).toBe(1)
  })
})

function flip(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at]! ^= 0x10
  return bytes
}
