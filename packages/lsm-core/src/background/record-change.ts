import type { VersionEdit } from '@varve/manifest'

import type { BackgroundTarget } from './background-target.ts'

/**
 * Records a change in the MANIFEST. When nobody knows whether it got there, writes end before anyone hears of the error: not
 * one may come between.
 */
export async function recordChange(
  db: BackgroundTarget,
  edits: VersionEdit | readonly VersionEdit[],
): Promise<void> {
  try {
    await db.versions.logAndApply(edits)
  } catch (error) {
    if (db.versions.failure !== undefined && db.failure === undefined) {
      db.fail(error)
      db.notify('onBackgroundError', { error })
    }
    throw error
  }
}
