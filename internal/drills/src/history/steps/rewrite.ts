import { ask } from '../batches.ts'
import type { Change } from '../content.ts'
import { bytesOf } from '../latin1.ts'
import type { LiveHistory } from '../live-history.ts'
import { firstFailure } from './write.ts'

const keys = Array.from({ length: 16 }, (_, i) => `again${String(i).padStart(2, '0')}`)
const rounds = 32
const batchesInTurn = 4

/** Reads and writes the same keys so often, each time with as many bytes, that the memtable writes values over others. */
export async function rewrite(history: LiveHistory): Promise<void> {
  const { random, db } = history
  const family = random.pick(history.families.filter(({ setup }) => setup.logged))
  const { main } = history.ledger
  const options = { sync: false, skipConcurrencyControl: true }
  for (let round = 0; round < rounds; round++) {
    for (const key of keys) {
      const value = await db.get(bytesOf(key), { cf: family.handle })
      if ((value !== undefined) !== history.contentOf(family).has(key))
        throw new Error(`"${key}" is read as ${value === undefined ? 'absent' : 'there'}`)
    }
    const writes: Promise<void>[] = []
    for (let n = 0; n < batchesInTurn; n++) {
      const changes = keys.map((key): Change => ({
        kind: 'put',
        key,
        value: String(random.below(1e8)).padStart(8, '0'),
      }))
      const { batch, number } = ask(main, [[family, changes]])
      const written = db.write(batch, options)
      writes.push(written.then(() => history.keepWritten(main, number, false)))
    }
    await firstFailure(writes)
  }
}
