/**
 * Opens the database, commits what a killed writer left prepared, checks that it holds exactly the writes 0 … n−1 for some n, says
 * `found n` and, of the family that skips the log, `loose m`. Then it writes on until it is killed: in batches, with and without
 * sync, and in transactions, also in two phases. It says `prepared k`, `done k` and `flushed m` once these are acknowledged.
 */

import { TransactionDB, WriteBatch, type ColumnFamilyHandle } from '@varve/lsm-core'

import { say } from '../say.ts'
import { keyOf, valueOf } from './protocol.ts'

const [directory, mode] = process.argv.slice(2)
const sync = mode === 'sync'
const flushEvery = 60

const db = await TransactionDB.open(directory!, {
  createIfMissing: true,
  createMissingColumnFamilies: true,
  columnFamilies: {
    default: { level0FileNumCompactionTrigger: 2 },
    mirror: { compactionStyle: 'universal', compression: 'zstd' },
    loose: {},
  },
  // Small, so that the kills meet flushes and compactions too.
  writeBufferSizeBytes: 64 * 1024,
})
const mirror = db.columnFamily('mirror')
const loose = db.columnFamily('loose')
const decoder = new TextDecoder()

for (const transaction of db.getAllPreparedTransactions()) await transaction.commit()

/** How many writes 0, 1, 2 … the family holds, and nothing else. */
async function countWrites(cf: ColumnFamilyHandle): Promise<number> {
  let n = 0
  for await (const [key, value] of db.range({ cf })) {
    if (decoder.decode(key) !== keyOf(n) || decoder.decode(value) !== valueOf(n)) {
      say(`wrong entry ${decoder.decode(key)} where write ${n} of "${cf.name}" belongs`)
      process.exit(3)
    }
    n++
  }
  return n
}

let n = await countWrites(db.defaultColumnFamily)
const inMirror = await countWrites(mirror)
if (inMirror !== n) {
  say(`${n} writes in one column family, ${inMirror} in the other`)
  process.exit(3)
}
let m = await countWrites(loose)
say(`loose ${m}`)
say(`found ${n}`)
for (;;) {
  const key = keyOf(n)
  const value = valueOf(n)
  if (mode === 'transactions') {
    const transaction = db.beginTransaction()
    await transaction.put(key, value)
    await transaction.put(key, value, { cf: mirror })
    if (n % 2 === 0) {
      transaction.setName(`write ${n}`)
      await transaction.prepare()
      say(`prepared ${n}`)
    }
    await transaction.commit()
  } else {
    await db.write(new WriteBatch().put(key, value).put(key, value, { cf: mirror }), { sync })
  }
  say(`done ${n}`)
  n++
  await db.put(keyOf(m), valueOf(m), { cf: loose, disableWal: true })
  m++
  if (m % flushEvery === 0) {
    await db.flush({ cf: loose })
    say(`flushed ${m}`)
  }
}
