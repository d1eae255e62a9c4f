import { WriteBatch, type ColumnFamilyHandle } from '@varve/lsm-core'

import { changed, emptyContent, type Change, type Content } from './content.ts'
import { bytesOf } from './latin1.ts'
import type { Timeline } from './ledger.ts'
import type { LiveFamily, LiveHistory } from './live-history.ts'

/** Changes of several families, the order of writes they are of, and their number in it. */
export interface AskedBatch {
  readonly timeline: Timeline
  readonly number: number
  readonly batch: WriteBatch
  /** Whether they go through the log. */
  readonly logged: boolean
}

/** Changes to a family. */
export type FamilyChanges = readonly [LiveFamily, readonly Change[]]

/** Asks for changes of several families of one timeline. */
export function ask(
  timeline: Timeline,
  changes: readonly FamilyChanges[],
): Pick<AskedBatch, 'number' | 'batch'> {
  const next = new Map<number, Content>(timeline.current)
  const batch = new WriteBatch()
  for (const [{ handle, setup }, list] of changes) {
    next.set(handle.id, changed(next.get(handle.id) ?? emptyContent, setup, list))
    for (const change of list) addTo(batch, change, handle)
  }
  return { number: timeline.ask(next), batch }
}

/** Asks for random changes of some families that log, or of one that does not. */
export function askRandom(history: LiveHistory): AskedBatch {
  const { random } = history
  const first = history.pickFamily()
  const families = first.setup.logged
    ? history.families.filter(
        (family) => family === first || (family.setup.logged && random.below(2) === 0),
      )
    : [first]
  const timeline = history.ledger.timelineOf(first.handle.id, first.setup)
  const changes = families.map((family) => {
    const count = 1 + random.below(6)
    return [family, history.changes.batch(family.setup, history.contentOf(family), count)] as const
  })
  return { timeline, logged: first.setup.logged, ...ask(timeline, changes) }
}

function addTo(batch: WriteBatch, change: Change, cf: ColumnFamilyHandle): void {
  const key = bytesOf(change.key)
  switch (change.kind) {
    case 'put':
      batch.put(key, bytesOf(change.value), { cf })
      break
    case 'merge':
      batch.merge(key, bytesOf(change.value), { cf })
      break
    case 'delete':
      batch.delete(key, { cf })
      break
    case 'singleDelete':
      batch.singleDelete(key, { cf })
      break
    case 'deleteRange':
      batch.deleteRange(key, bytesOf(change.end), { cf })
      break
  }
}
