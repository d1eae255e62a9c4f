import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'

import { assertNoOpenResources } from '@varve/base/testing'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'

import { DB, TransactionDB } from '../src/index.ts'
import { compileNativeProgram } from './native-program.ts'

const program = compileNativeProgram('transaction-db')

describe.skipIf(program === undefined)("RocksDB's TransactionDB", () => {
  let root: string
  let directory: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'varve-2pc-'))
    directory = join(root, 'db')
    return () => rmSync(root, { recursive: true, force: true })
  })
  afterAll(() => {
    rmSync(dirname(program!), { recursive: true, force: true })
    assertNoOpenResources()
  })

  const run = (mode: string, ...names: string[]): string[] => {
    const { status, stdout, stderr } = spawnSync(program!, [mode, directory, ...names], {
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    return stdout.trimEnd().split('\n')
  }

  it('leaves prepared transactions that are decided here', async () => {
    run('make')
    {
      await using db = await TransactionDB.open(directory, { columnFamilies: { other: {} } })
      expect(db.getAllPreparedTransactions().map(({ name }) => name)).toEqual(['one', 'two'])
      expect(await db.get('key of one')).toBeUndefined()
      expect(await db.get('key of three', { encoding: 'utf8' })).toBe('value of three')
      expect(await db.get('plain', { encoding: 'utf8' })).toBe('write')
      await db.getTransactionByName('one')!.commit()
      await db.put('filler', '1')
      await db.flush()
    }
    expect(run('list')).toEqual([
      'prepared\ttwo',
      'default\tfiller\t1',
      'default\tkey of one\tvalue of one',
      'default\tkey of three\tvalue of three',
      'default\tplain\twrite',
      'other\tkey of one\tother of one',
      'other\tkey of three\tother of three',
    ])
  })

  it('recovers and decides what was prepared here, with parts in flushed logs', async () => {
    {
      await using db = await TransactionDB.open(directory, {
        createIfMissing: true,
        columnFamilies: { other: {} },
      })
      const cf = db.columnFamily('other')
      for (const name of ['one', 'two', 'three', 'four']) {
        const transaction = db.beginTransaction().setName(name)
        await transaction.put(`key of ${name}`, name)
        await transaction.put(`key of ${name}`, `other ${name}`, { cf })
        await transaction.delete(`deleted by ${name}`)
        await transaction.prepare()
        await db.put(`filler ${name}`, 'x')
        if (name === 'two') await db.flush()
      }
      // The commit is only in the last log, its prepare is in the first.
      await db.getTransactionByName('one')!.commit()
      await db.getTransactionByName('two')!.rollback()
    }
    const filler = ['four', 'one', 'three', 'two'].map((name) => `default\tfiller ${name}\tx`)
    expect(run('list')).toEqual([
      'prepared\tthree',
      'prepared\tfour',
      ...filler,
      'default\tkey of one\tone',
      'other\tkey of one\tother one',
    ])
    expect(run('decide', 'four', 'three')).toEqual([
      ...filler,
      'default\tkey of four\tfour',
      'default\tkey of one\tone',
      'other\tkey of four\tother four',
      'other\tkey of one\tother one',
    ])
    await using db = await DB.open(directory, { columnFamilies: '*' })
    expect(await db.get('key of four', { encoding: 'utf8' })).toBe('four')
    expect(await db.get('key of three')).toBeUndefined()
  })
})
