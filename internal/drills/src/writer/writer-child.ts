/**
 * Opens the database, checks that it holds exactly the writes 0 … n−1 for some n, says `found n`, then writes on from n and says
 * `done k` after each acknowledged write until it is killed.
 */

import { DB, WriteBatch } from '@varve/lsm-core'

import { say } from '../say.ts'
import { keyOf, valueOf } from './protocol.ts'

const [directory, mode] = process.argv.slice(2)
const sync = mode === 'sync'

const db = await DB.open(directory!, {
  createIfMissing: true,
  createMissingColumnFamilies: true,
  columnFamilies: { default: {}, mirror: {} },
  // Small, so that the kills meet flushes and compactions too.
  writeBufferSizeBytes: 64 * 1024,
})
const mirror = db.columnFamily('mirror')!
const decoder = new TextDecoder()
let n = 0
for await (const [key, value] of db.range()) {
  if (decoder.decode(key) !== keyOf(n) || decoder.decode(value) !== valueOf(n)) {
    say(`wrong entry ${decoder.decode(key)} where write ${n} belongs`)
    process.exit(3)
  }
  const twin = db.getSync(key, { cf: mirror })
  if (twin === undefined || decoder.decode(twin) !== valueOf(n)) {
    say(`write ${n} is in one column family only`)
    process.exit(3)
  }
  n++
}
say(`found ${n}`)
for (;;) {
  const batch = new WriteBatch().put(keyOf(n), valueOf(n)).put(keyOf(n), valueOf(n), { cf: mirror })
  await db.write(batch, { sync })
  say(`done ${n}`)
  n++
}
