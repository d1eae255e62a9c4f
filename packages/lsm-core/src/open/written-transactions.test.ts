import { UnsupportedError, utf8Bytes, ValueType } from '@varve/base'
import { VersionSet } from '@varve/manifest'
import { MemoryFileSystem } from '@varve/vfs'
import { WriteBatch } from '@varve/wal'
import { beforeEach, describe, expect, test } from 'vitest'

import { entriesOf, mark, record, writeLog } from '../../test/raw-log.ts'
import { prepareRecord } from '../db/two-phase-log.ts'
import { DB, TransactionDB } from '../index.ts'

const log = '/db/000100.log'
const noop = Uint8Array.of(ValueType.Noop)

/** A write outside of transactions. */
function written(sequence: number, batch: WriteBatch): Uint8Array {
  return record(sequence, batch.count, entriesOf(batch), noop)
}

function section(
  sequence: number,
  name: string,
  batch: WriteBatch,
  begin: number = ValueType.BeginPersistedPrepareXID,
): Uint8Array {
  const end = mark(ValueType.EndPrepareXID, name)
  return record(sequence, batch.count, Uint8Array.of(begin), entriesOf(batch), end)
}

describe('logs of transactions that are written before they commit', () => {
  let fileSystem: MemoryFileSystem

  beforeEach(async () => {
    fileSystem = new MemoryFileSystem()
    await (await DB.open('/db', { createIfMissing: true, fileSystem })).close()
  })

  async function read(keys: string): Promise<string> {
    await using db = await DB.openReadOnly('/db', { fileSystem })
    const values = [...keys].map((key) => db.getSync(key))
    return values
      .map((value) => (value === undefined ? '-' : new TextDecoder().decode(value)))
      .join(' ')
  }

  test('give one sequence number to all entries of a batch, but not to two of one key', async () => {
    await writeLog(fileSystem, log, [
      written(1, new WriteBatch().put('a', '1').put('b', '1').put('c', '1').put('a', '2')),
      written(3, new WriteBatch().put('b', '3')),
      written(4, new WriteBatch().put('c', '4').delete('c')),
      written(6, new WriteBatch().put('d', '6')),
    ])
    expect(await read('abcd')).toBe('2 3 - 6')
    await using db = await DB.openReadOnly('/db', { fileSystem })
    expect(db.latestSequence).toBe(6)
  })

  test('stand several to a record', async () => {
    const first = new WriteBatch().put('a', '1').put('b', '1')
    const second = new WriteBatch().put('b', '2').put('a', '2')
    const parts = [entriesOf(first), noop, entriesOf(second), noop]
    await writeLog(fileSystem, log, [
      record(1, 4, ...parts),
      written(3, new WriteBatch().put('b', '3')),
    ])
    expect(await read('ab')).toBe('2 3')
  })

  test('are no others where only a value ends as they do', async () => {
    const value = Uint8Array.of(1, ValueType.Noop)
    await writeLog(
      fileSystem,
      log,
      [new WriteBatch().put('a', '1').put('b', value), new WriteBatch().put('a', '2')].map(
        (batch, i) => record(1 + 2 * i, batch.count, entriesOf(batch)),
      ),
    )
    expect(await read('a')).toBe('2')
  })

  test('hide what is not decided, show what is committed, and leave to later entries what was rolled back', async () => {
    await writeLog(fileSystem, log, [
      section(1, 'committed', new WriteBatch().put('a', '1').put('b', '1')),
      section(2, 'open', new WriteBatch().put('c', '2')),
      section(3, 'rolled back', new WriteBatch().put('d', '3').put('e', '3')),
      record(4, 0, mark(ValueType.CommitXID, 'committed')),
      written(5, new WriteBatch().put('b', '5')),
      record(
        6,
        2,
        entriesOf(new WriteBatch().delete('d').put('e', '0')),
        mark(ValueType.RollbackXID, 'rolled back'),
      ),
    ])
    expect(await read('abcde')).toBe('1 5 - - 0')
    await using db = await TransactionDB.open('/db', { fileSystem })
    expect(db.getAllPreparedTransactions().map(({ name }) => name)).toEqual(['open'])
  })

  test('roll back what was written bit by bit and never prepared', async () => {
    const begin = ValueType.BeginUnprepareXID
    await writeLog(fileSystem, log, [
      section(1, 'whole', new WriteBatch().put('a', '1'), begin),
      section(2, 'half', new WriteBatch().put('b', '2'), begin),
      section(3, 'whole', new WriteBatch().put('c', '3')),
    ])
    {
      await using db = await TransactionDB.open('/db', { fileSystem })
      const [whole, ...others] = db.getAllPreparedTransactions()
      expect(others).toHaveLength(0)
      await whole!.commit()
    }
    expect(await read('abc')).toBe('1 - 3')
  })

  test('are there once when an opening that logged them anew did not come to its end', async () => {
    const batch = new WriteBatch().put('a', '1')
    await writeLog(fileSystem, log, [section(1, 'open', batch)])
    await writeLog(fileSystem, '/db/000101.log', [prepareRecord(2, utf8Bytes('open'), batch.data)])
    {
      await using db = await TransactionDB.open('/db', { fileSystem })
      const [open, ...others] = db.getAllPreparedTransactions()
      expect(others).toHaveLength(0)
      await open!.commit()
    }
    expect(await read('a')).toBe('1')
  })

  test('are refused where tables may hold what is not decided', async () => {
    await writeLog(fileSystem, log, [section(1, 'open', new WriteBatch().put('a', '1'))])
    {
      await using versions = await VersionSet.recover(fileSystem, '/db')
      await versions.logAndApply({ columnFamily: 0, logNumber: 101 })
    }
    await expect(DB.openReadOnly('/db', { fileSystem })).rejects.toThrow(UnsupportedError)
    await writeLog(fileSystem, '/db/000101.log', [record(2, 0, mark(ValueType.CommitXID, 'open'))])
    expect(await read('a')).toBe('-')
  })
})
