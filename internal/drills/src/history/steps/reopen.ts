import type { LiveHistory } from '../live-history.ts'

/** Closes the database and opens it again. */
export async function reopen(history: LiveHistory): Promise<void> {
  const families = history.families.map(({ setup }) => setup)
  await history.close()
  await history.open(families)
  // Recovery put into tables what the log held.
  history.ledger.keepAll()
}
