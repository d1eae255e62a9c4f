import { assertNoOpenResources, createSeededRandom } from '@varve/base/testing'
import { FaultInjectionFileSystem, MemoryFileSystem } from '@varve/vfs'
import { afterEach, describe, expect, it } from 'vitest'

import { TransactionDB } from '../index.ts'

/** What has been promised of a transaction: nothing, or that it is prepared, committed, rolled back. */
type Promised = 'nothing' | 'prepared' | 'committed' | 'rolledBack'

interface Cut {
  readonly disk: MemoryFileSystem
  readonly promised: readonly Promised[]
  /** What has been asked for, done or not. */
  readonly asked: readonly Promised[]
}

const options = {
  createIfMissing: true,
  columnFamilies: {
    default: { writeBufferSizeBytes: 4000 },
    other: { writeBufferSizeBytes: 6000 },
  },
}
const transactions = 24

describe('two-phase commit after a loss of power', () => {
  afterEach(() => assertNoOpenResources())

  for (const seed of [undefined, 1, 2]) {
    it(`keeps every promise and every transaction whole, cut at every write and sync (seed ${seed ?? 'none'})`, async () => {
      const disk = new MemoryFileSystem()
      const fileSystem = new FaultInjectionFileSystem(disk)
      const random = createSeededRandom(seed ?? 0)
      const promised: Promised[] = Array.from({ length: transactions }, () => 'nothing')
      const asked = [...promised]
      const cuts: Cut[] = []
      fileSystem.observe((operation) => {
        if (operation === 'read' || operation === 'open' || operation === 'lock') return
        const fork = disk.forkAfterPowerLoss(
          seed === undefined ? {} : { seed: random.below(1 << 30) + 1 },
        )
        cuts.push({ disk: fork, promised: [...promised], asked: [...asked] })
      })
      {
        await using db = await TransactionDB.open('/db', { ...options, fileSystem })
        const cf = db.columnFamily('other')
        const decide = async (n: number): Promise<void> => {
          const transaction = db.getTransactionByName(`t${n}`)
          if (transaction === undefined) return
          if (n % 3 === 0) {
            asked[n] = 'rolledBack'
            await transaction.rollback()
            await db.syncWal()
            promised[n] = 'rolledBack'
          } else {
            asked[n] = 'committed'
            await transaction.commit({ sync: true })
            promised[n] = 'committed'
          }
        }
        for (let n = 0; n < transactions; n++) {
          const transaction = db.beginTransaction().setName(`t${n}`)
          await transaction.put(`key${n}`, 'x'.repeat(200))
          await transaction.put(`key${n}`, 'x'.repeat(100), { cf })
          asked[n] = 'prepared'
          await transaction.prepare({ sync: true })
          promised[n] = 'prepared'
          await db.put(`filler${n}`, 'y'.repeat(300))
          if (n >= 6 && n % 2 === 0) await decide(n - random.below(6))
          if (random.below(6) === 0) await db.flush()
        }
        await decide(0)
      }
      fileSystem.observe(undefined)
      expect(cuts.length).toBeGreaterThan(100)
      const sample = cuts.filter((_, i) => i % 3 === 0)
      for (const cut of sample) await check(cut)
    })
  }
})

async function check({ disk, promised, asked }: Cut): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await using db = await TransactionDB.open('/db', { ...options, fileSystem: disk })
    const cf = db.columnFamily('other')
    for (const [n, promise] of promised.entries()) {
      const written = await db.get(`key${n}`)
      expect((await db.get(`key${n}`, { cf })) === undefined).toBe(written === undefined)
      const isPrepared = db.getTransactionByName(`t${n}`) !== undefined
      const state = written !== undefined ? 'committed' : isPrepared ? 'prepared' : 'gone'
      expect(allowed(promise, asked[n]!), `transaction ${n}: ${promise}, ${asked[n]}`).toContain(
        state,
      )
      if (written !== undefined) expect(isPrepared).toBe(false)
    }
    if (round > 0) continue
    // What is found prepared can be decided, and stays decided.
    for (const transaction of db.getAllPreparedTransactions()) {
      const n = Number(transaction.name.slice(1))
      if (asked[n] === 'committed') await transaction.commit()
    }
    await db.flush()
  }
}

function allowed(promised: Promised, asked: Promised): string[] {
  const states = (one: Promised): string[] => {
    if (one === 'nothing' || one === 'rolledBack') return ['gone']
    return [one]
  }
  // What was asked for last may have happened or not.
  return [...states(promised), ...states(asked)]
}
