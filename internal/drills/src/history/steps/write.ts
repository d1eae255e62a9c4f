import { askRandom } from '../batches.ts'
import type { LiveHistory } from '../live-history.ts'

/** One random batch, blocking or not. */
export async function write(history: LiveHistory): Promise<void> {
  const { random, db } = history
  const { timeline, batch, number, logged } = askRandom(history)
  const sync = logged && random.below(4) === 0
  // A batch may have range deletions, which no lock is for.
  const options = { sync, disableWal: !logged, skipConcurrencyControl: true }
  if (random.below(2) === 0) db.writeSync(batch, options)
  else await db.write(batch, options)
  if (logged) history.keepWritten(timeline, number, sync)
}

/** Writes that are asked for together, so that they share records and syncs. */
export async function burst(history: LiveHistory): Promise<void> {
  const outcomes = Array.from({ length: 2 + history.random.below(5) }, async () => {
    const { timeline, batch, number, logged } = askRandom(history)
    const sync = logged && history.random.below(4) === 0
    const options = { sync, disableWal: !logged, skipConcurrencyControl: true }
    await history.db.write(batch, options)
    if (logged) history.keepWritten(timeline, number, sync)
  })
  await firstFailure(outcomes)
}

/** Waits for all; throws what the first of them that failed threw. */
export async function firstFailure(outcomes: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(outcomes))
    if (outcome.status === 'rejected') throw outcome.reason
}

const habit = 5

/** Small writes that are synced one by one, often enough for the log to be made longer ahead of its end. */
export async function syncs(history: LiveHistory): Promise<void> {
  for (let n = 0; n < habit; n++) {
    const { timeline, batch, number, logged } = askRandom(history)
    const options = { sync: logged, disableWal: !logged, skipConcurrencyControl: true }
    await history.db.write(batch, options)
    if (logged) history.keepWritten(timeline, number, true)
  }
}
