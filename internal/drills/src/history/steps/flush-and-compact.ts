import { bytesOf } from '../latin1.ts'
import type { LiveHistory } from '../live-history.ts'

/** One family, or all. */
export async function flush(history: LiveHistory): Promise<void> {
  const { db, random } = history
  if (random.below(3) === 0) return history.keeping(history.families, () => db.flush())
  const family = history.pickFamily()
  await history.keeping([family], () => db.flush({ cf: family.handle }))
}

/** A range of one family, or all of it. */
export async function compact(history: LiveHistory): Promise<void> {
  const family = history.pickFamily()
  const whole = history.random.below(2) === 0
  const [begin, end] = history.changes.range(family.setup)
  await history.keeping([family], () =>
    history.db.compactRange({
      cf: family.handle,
      ...(whole ? {} : { begin: bytesOf(begin), end: bytesOf(end) }),
    }),
  )
}
