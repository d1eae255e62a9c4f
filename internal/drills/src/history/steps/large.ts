import { ask } from '../batches.ts'
import type { Change } from '../content.ts'
import { textOf } from '../latin1.ts'
import type { LiveHistory } from '../live-history.ts'

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
}
