import {
  collectBackupGarbage,
  deleteBackup,
  destroyDb,
  purgeOldBackups,
  restoreBackup,
  verifyBackup,
} from '@varve/lsm-core'

import type { LiveHistory } from '../live-history.ts'
import { readContent } from '../read-content.ts'
import type { Setup } from '../setup.ts'
import { writeFile } from '../write-file.ts'

/** A second database of this moment shows the same. */
export async function checkpoint(history: LiveHistory): Promise<void> {
  const path = `${history.path}-copy`
  await history.fileSystem.removeTree(path)
  await history.keeping(history.families, () => history.db.checkpoint(path))
  await compareCopy(history, path)
}

/** What is backed up and restored shows the same. */
export async function backup(history: LiveHistory): Promise<void> {
  const { random, fileSystem, db } = history
  const backups = `${history.path}-backups`
  const path = `${history.path}-restored`
  const flush = random.below(2) === 0 || history.families.some(({ setup }) => !setup.logged)
  const isInterrupted = random.below(4) === 0
  if (isInterrupted) await leaveInterrupted(history, backups)
  let id = 0
  const back = async (): Promise<void> => {
    id = (await db.backup(backups, { flushBeforeBackup: flush })).id
  }
  await (flush ? history.keeping(history.families, back) : back())
  await fileSystem.removeTree(path)
  if (random.below(2) === 0) await verifyBackup(backups, { id, fileSystem })
  const logs = random.below(3) === 0 ? { walDirectory: 'elsewhere' } : {}
  await restoreBackup(backups, path, { id, fileSystem, ...logs })
  await compareCopy(history, path, logs)
  await destroyDb(path, { fileSystem, ...logs })
  if (random.below(3) === 0) await purgeOldBackups(backups, 1, { fileSystem })
  if (random.below(3) === 0) await deleteBackup(backups, id, { fileSystem })
  if (isInterrupted || random.below(4) === 0) await collectBackupGarbage(backups, { fileSystem })
  if (random.below(3) === 0) await fileSystem.removeTree(backups)
}

/** What a backup leaves that a crash cuts short before its description has its name. */
async function leaveInterrupted({ fileSystem }: LiveHistory, backups: string): Promise<void> {
  const id = 1000
  for (const folder of ['meta', `private/${id}`]) await fileSystem.mkdir(`${backups}/${folder}`)
  for (const name of [`private/${id}/CURRENT`, `meta/${id}.tmp`])
    await writeFile(fileSystem, `${backups}/${name}`, new Uint8Array(10))
}

async function compareCopy(
  history: LiveHistory,
  path: string,
  logs: Pick<Setup['db'], 'walDirectory'> = {},
): Promise<void> {
  // Its logs are not where those of the database are.
  const { walDirectory: _, ...options } = history.setup.db
  const families = history.families.map(({ setup }) => setup)
  await using copy = await history.openAt(path, families, { ...options, ...logs })
  for (const family of history.families) {
    const { setup } = family
    const actual = readContent(copy, copy.columnFamily(setup.name), setup)
    history.compare(actual, history.contentOf(family), `${setup.name} of "${path}"`)
  }
}
