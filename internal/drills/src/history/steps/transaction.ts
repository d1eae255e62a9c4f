import { TransactionDB } from '@varve/lsm-core'

import { ask, type FamilyChanges } from '../batches.ts'
import { bytesOf } from '../latin1.ts'
import type { LiveHistory } from '../live-history.ts'
import { flush } from './flush-and-compact.ts'
import { write } from './write.ts'

/** Of the kind that the database has. */
export async function transaction(history: LiveHistory): Promise<void> {
  if (history.db instanceof TransactionDB) await locking(history, history.db)
  else await optimistic(history)
}

/** Changes that a transaction can have. */
function randomChanges(history: LiveHistory): FamilyChanges[] {
  const families = history.families.filter(({ setup }) => setup.logged)
  return families.map((family) => {
    const changes = history.changes
      .batch(family.setup, history.contentOf(family), 1 + history.random.below(3))
      .filter(({ kind }) => kind === 'put' || kind === 'delete' || kind === 'merge')
    return [family, changes] as const
  })
}

async function optimistic(history: LiveHistory): Promise<void> {
  const { random } = history
  using transaction = history.db.beginTransaction({ optimistic: true })
  const list = randomChanges(history)
  for (const [{ handle: cf }, changes] of list) {
    for (const change of changes) {
      const key = bytesOf(change.key)
      if (change.kind === 'put') transaction.put(key, bytesOf(change.value), { cf })
      else if (change.kind === 'merge') transaction.merge(key, bytesOf(change.value), { cf })
      else transaction.delete(key, { cf })
    }
  }
  if (random.below(5) === 0) return transaction.rollback()
  const sync = random.below(3) === 0
  const { main } = history.ledger
  const { number } = ask(main, list)
  await transaction.commit({ sync })
  history.keepWritten(main, number, sync)
}

/** Locks its keys; is committed or rolled back in one phase or, with another write between them, in two. */
async function locking(history: LiveHistory, db: TransactionDB): Promise<void> {
  const { random } = history
  using transaction = db.beginTransaction()
  const list = randomChanges(history)
  for (const [{ handle: cf }, changes] of list) {
    for (const change of changes) {
      const key = bytesOf(change.key)
      if (change.kind === 'put') await transaction.put(key, bytesOf(change.value), { cf })
      else if (change.kind === 'merge') await transaction.merge(key, bytesOf(change.value), { cf })
      else await transaction.delete(key, { cf })
    }
  }
  const sync = random.below(3) === 0
  if (random.below(3) > 0) {
    transaction.setName(`transaction ${history.nextName()}`)
    await transaction.prepare({ sync })
    const between = random.below(4)
    if (between === 0) await write(history)
    else if (between === 1) await flush(history)
  }
  if (random.below(4) === 0) return await transaction.rollback()
  const { main } = history.ledger
  const { number } = ask(main, list)
  await transaction.commit({ sync })
  history.keepWritten(main, number, sync)
}

/** A transaction that is prepared and never decided; returns its name. */
export async function prepareOnly(history: LiveHistory, db: TransactionDB): Promise<string> {
  const { handle: cf, setup } = history.random.pick(
    history.families.filter((family) => family.setup.logged),
  )
  const name = `undecided ${history.nextName()}`
  const undecided = db.beginTransaction()
  undecided.setName(name)
  await undecided.put(bytesOf('undecided'), bytesOf(history.changes.value(setup)), { cf })
  await undecided.prepare({ sync: true })
  return name
}
