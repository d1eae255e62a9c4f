import { isNotFound } from '@varve/vfs'

import type { LiveHistory } from '../live-history.ts'

/** Somebody removes a log that waits to be written over. */
export async function takeSpareLog(history: LiveHistory): Promise<void> {
  const { fileSystem, path } = history
  const { walDirectory, recycleLogFileNum } = history.setup.db
  await history.keeping(history.families, () => history.db.flush())
  if (recycleLogFileNum === undefined) return
  const directory = walDirectory === undefined ? path : `${path}/${walDirectory}`
  const logs = (await fileSystem.list(directory)).filter((name) => name.endsWith('.log')).sort()
  // The last one is being written.
  for (const name of logs.slice(0, -1)) {
    try {
      await fileSystem.remove(`${directory}/${name}`)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
