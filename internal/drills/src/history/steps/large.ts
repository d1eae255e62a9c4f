import { ask } from '../batches.ts'
import type { Change } from '../content.ts'
import { bytesOf, textOf } from '../latin1.ts'
import type { LiveFamily, LiveHistory } from '../live-history.ts'

const key = 'large'
/** No compression makes less than a read buffer of it; so often it is more than a log keeps in memory. */
const partBytes = 100_000
const parts = 11

/** A value that is larger than every buffer, or its end. */
export async function large(history: LiveHistory): Promise<void> {
  const family = history.random.pick(history.families.filter(({ setup }) => setup.logged))
  const part = textOf(history.random.bytes(partBytes))
  const change: Change = history.contentOf(family).has(key)
    ? { kind: 'delete', key }
    : { kind: 'put', key, value: part.repeat(parts) }
  const { main } = history.ledger
  const { batch, number } = ask(main, [[family, [change]]])
  const options = { sync: false, skipConcurrencyControl: true }
  await history.db.write(batch, options)
  history.keepWritten(main, number, false)
  if (history.random.below(2) === 0) await readFromTable(history, family)
}

/** The look-up is the first that wants the block: a cache that is full does not take it in. */
async function readFromTable(history: LiveHistory, family: LiveFamily): Promise<void> {
  const { handle: cf } = family
  await history.keeping([family], () => history.db.flush({ cf }))
  const value = history.db.getSync(bytesOf(key), { cf })
  const found = value === undefined ? undefined : textOf(value)
  if (found !== history.contentOf(family).get(key))
    throw new Error(`a large value is read as ${found?.length ?? 0} other bytes`)
}
