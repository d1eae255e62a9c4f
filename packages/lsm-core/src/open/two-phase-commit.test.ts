import { CorruptionError, ValueType } from '@varve/base'
import { MemoryFileSystem } from '@varve/vfs'
import { WriteBatch } from '@varve/wal'
import { describe, expect, it } from 'vitest'

import { entriesOf, mark, record, writeLog } from '../../test/raw-log.ts'
import { DB, TransactionDB } from '../index.ts'

function prepare(sequence: number, name: string, batch: WriteBatch): Uint8Array {
  return record(
    sequence,
    batch.count,
    Uint8Array.of(ValueType.BeginPrepareXID),
    entriesOf(batch),
    mark(ValueType.EndPrepareXID, name),
  )
}

describe('logs with two-phase commit', () => {
  it('count what is committed from its commit on, and leave out the rest', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await DB.open('/db', { createIfMissing: true, fileSystem })).close()
    await writeLog(fileSystem, '/db/000100.log', [
      prepare(1, 'first', new WriteBatch().put('a', 'prepared first').put('b', 'b')),
      prepare(1, 'second', new WriteBatch().put('c', 'never')),
      record(1, 1, Uint8Array.of(ValueType.Noop), entriesOf(new WriteBatch().put('a', 'between'))),
      record(2, 0, mark(ValueType.CommitXID, 'first')),
      record(4, 0, mark(ValueType.RollbackXID, 'second')),
      record(4, 0, mark(ValueType.CommitXID, 'unknown')),
      record(4, 1, entriesOf(new WriteBatch().put('d', 'd'))),
    ])
    await using db = await DB.openReadOnly('/db', { fileSystem })
    expect(await db.get('a', { encoding: 'utf8' })).toBe('prepared first')
    expect(await db.get('b', { encoding: 'utf8' })).toBe('b')
    expect(await db.get('c')).toBeUndefined()
    expect(db.latestSequence).toBe(4)
  })

  it('keep a transaction that is undecided, through flushes and openings', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await DB.open('/db', { createIfMissing: true, fileSystem })).close()
    await writeLog(fileSystem, '/db/000100.log', [
      record(1, 1, entriesOf(new WriteBatch().put('a', '1'))),
      prepare(2, 'undecided', new WriteBatch().put('b', '2')),
    ])
    for (let round = 0; round < 3; round++) {
      await using db = await DB.open('/db', { fileSystem })
      expect(await db.get('b')).toBeUndefined()
      await db.put('a', String(round))
      await db.flush()
      // It moved to a log of this opening.
      expect(await fileSystem.exists('/db/000100.log')).toBe(false)
    }
    await writeLog(fileSystem, '/db/000900.log', [
      record(10, 0, mark(ValueType.CommitXID, 'undecided')),
    ])
    {
      await using db = await DB.open('/db', { fileSystem })
      expect(await db.get('a', { encoding: 'utf8' })).toBe('2')
      expect(await db.get('b', { encoding: 'utf8' })).toBe('2')
    }
  })

  it('are refused when what is prepared in them is damaged, and only torn ends are forgiven', async () => {
    const fileSystem = new MemoryFileSystem()
    {
      await using db = await TransactionDB.open('/db', { createIfMissing: true, fileSystem })
      const transaction = db.beginTransaction()
      transaction.setName('undecided')
      await transaction.put('b', '2')
      await transaction.prepare()
      await db.put('a', '1')
      await db.flush()
      await db.put('a', '2')
    }
    const logs = (await fileSystem.list('/db')).filter((name) => name.endsWith('.log'))
    expect(logs).toHaveLength(2)
    const path = `/db/${logs[0]!}`
    const whole = await fileSystem.readFile(path)
    const damaged = new Uint8Array(whole)
    damaged[30]! ^= 1
    await fileSystem.writeFileAtomic(path, damaged)
    await expect(DB.open('/db', { fileSystem })).rejects.toThrow(CorruptionError)
    await fileSystem.writeFileAtomic(path, whole.subarray(0, whole.length - 3))
    await using db = await TransactionDB.open('/db', { fileSystem })
    expect(db.getAllPreparedTransactions()).toHaveLength(1)
    expect(await db.get('a', { encoding: 'utf8' })).toBe('2')
  })

  it('are damaged where a section that is written before the commit has no end', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await DB.open('/db', { createIfMissing: true, fileSystem })).close()
    await writeLog(fileSystem, '/db/000100.log', [
      record(1, 0, Uint8Array.of(ValueType.BeginPersistedPrepareXID)),
    ])
    await expect(DB.open('/db', { fileSystem })).rejects.toThrow(CorruptionError)
  })
})

describe('walDirectory', () => {
  it('keeps the logs apart and finds them again', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { fileSystem, createIfMissing: true, walDirectory: 'logs' }
    for (let round = 0; round < 3; round++) {
      await using db = await DB.open('/db', options)
      await db.put(`k${round}`, 'v', { sync: true })
      if (round === 1) await db.flush()
    }
    const isLog = (name: string): boolean => name.endsWith('.log')
    expect((await fileSystem.list('/db')).filter(isLog)).toEqual([])
    expect((await fileSystem.list('/db/logs')).filter(isLog)).toHaveLength(1)
    await using db = await DB.openReadOnly('/db', { fileSystem, walDirectory: '/db/logs' })
    expect(await db.multiGet(['k0', 'k1', 'k2'])).not.toContain(undefined)
  })
})
