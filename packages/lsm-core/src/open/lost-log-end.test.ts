import { CorruptionError, ValueType } from '@varve/base'
import { assertNoOpenResources } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { LogReader, WriteBatch, type WalRecoveryMode } from '@varve/wal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { entriesOf, mark, record, writeLog } from '../../test/raw-log.ts'
import { DB } from '../index.ts'
import { predecessorMark, readPredecessorMark } from '../write/predecessor-mark.ts'

describe('a log whose end a loss of power took, before one that is there', () => {
  /** The state after writes 0 to `writes`, none of them synced, in two logs; nothing is flushed. */
  let disk: MemoryFileSystem
  let writes: number
  let olderLog: string

  beforeEach(async () => {
    const live = new MemoryFileSystem()
    const fileSystem = new FaultInjectionFileSystem(live)
    let log = ''
    fileSystem.observe((operation, path) => {
      if (operation === 'append' && path.endsWith('.log')) log = path
    })
    const db = await DB.open('/db', {
      fileSystem,
      createIfMissing: true,
      columnFamilies: { default: { writeBufferSizeBytes: 8000 } },
    })
    // Blocking writes: the event loop does not turn, so no flush begins.
    db.putSync(key(0), '')
    olderLog = log
    for (writes = 1; log === olderLog; writes++) db.putSync(key(writes), 'x'.repeat(100))
    for (let i = 0; i < 5; i++) db.putSync(key(writes++), 'x'.repeat(100))
    disk = live.forkAfterProcessDeath()
    await db.close()
  })
  afterEach(() => assertNoOpenResources())

  const key = (n: number): string => String(n).padStart(5, '0')

  /** Cuts off the last `records` of the older log; how many are left. */
  const cut = async (records: number): Promise<number> => {
    const starts: number[] = []
    {
      await using reader = await LogReader.open(disk, olderLog)
      while (reader.readRecord() !== undefined) starts.push(reader.recordOffset)
    }
    const bytes = await disk.readFile(olderLog)
    await disk.writeFileAtomic(olderLog, bytes.slice(0, starts[starts.length - records]))
    return starts.length - records
  }

  const open = async (mode?: WalRecoveryMode): Promise<number[]> => {
    const fileSystem = disk.forkAfterProcessDeath()
    const found: number[] = []
    const options = mode === undefined ? {} : { walRecoveryMode: mode }
    {
      await using db = await DB.open('/db', { fileSystem, ...options })
      for await (const [name] of db.range()) found.push(Number(Buffer.from(name).toString()))
      await db.put('later', '1')
    }
    await using again = await DB.open('/db', { fileSystem, walRecoveryMode: 'absoluteConsistency' })
    expect(await again.get('later')).toBeDefined()
    await using reader = await DB.openReadOnly('/db', { fileSystem })
    expect(await reader.get('later')).toBeDefined()
    return found
  }

  it('is whole in every mode when nothing is lost', async () => {
    const all = Array.from({ length: writes }, (_, n) => n)
    expect(await open()).toEqual(all)
    expect(await open('absoluteConsistency')).toEqual(all)
    expect(await open('tolerateCorruptedTailRecords')).toEqual(all)
    expect(await open('skipAnyCorruptedRecords')).toEqual(all)
  })

  it.each([1, 2, 10])('ends the history where %i records are lost', async (records) => {
    const left = await cut(records)
    const prefix = Array.from({ length: left }, (_, n) => n)
    expect(await open()).toEqual(prefix)
    await expect(open('absoluteConsistency')).rejects.toThrow(CorruptionError)
    const all = Array.from({ length: writes }, (_, n) => n)
    const rest = all.filter((n) => n < left || n >= left + records)
    expect(await open('skipAnyCorruptedRecords')).toEqual(rest)
  })

  it('ends the history where a prepared transaction is lost, which takes no sequence number', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await DB.open('/db', { createIfMissing: true, fileSystem })).close()
    const put = (sequence: number, name: string): Uint8Array =>
      record(sequence, 1, entriesOf(new WriteBatch().put(name, 'v')))
    await writeLog(fileSystem, '/db/000100.log', [put(1, 'before')])
    await writeLog(fileSystem, '/db/000101.log', [
      predecessorMark(2, { number: 100, sizeBytes: 500 }),
      record(2, 0, mark(ValueType.CommitXID, 'lost')),
      put(4, 'behind'),
    ])
    const walRecoveryMode = 'absoluteConsistency'
    await expect(DB.open('/db', { fileSystem, walRecoveryMode })).rejects.toThrow(CorruptionError)
    await using db = await DB.open('/db', { fileSystem })
    expect(await db.get('before')).toBeDefined()
    expect(await db.get('behind')).toBeUndefined()
  })

  it('tells a mark from other records', () => {
    const mark = predecessorMark(77, { number: 12, sizeBytes: 2 ** 40 })
    expect(readPredecessorMark(mark)).toEqual({ number: 12, sizeBytes: 2 ** 40 })
    expect(WriteBatch.from(mark).sequence).toBe(77)
    expect(readPredecessorMark(new WriteBatch().data)).toBeUndefined()
    expect(readPredecessorMark(new WriteBatch().logData(new Uint8Array(33)).data)).toBeUndefined()
    expect(
      readPredecessorMark(
        new WriteBatch().put('a', 'b').logData(new TextEncoder().encode('varve.predecessor')).data,
      ),
    ).toBeUndefined()
  })
})
