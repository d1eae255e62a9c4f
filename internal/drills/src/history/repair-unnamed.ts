import { repairDb } from '@varve/lsm-core'
import type { FileSystem } from '@varve/vfs'

import type { FamilySetup, Setup } from './setup.ts'

/** Repairs a database whose CURRENT is gone; leaves another one as it is. */
export async function repairUnnamed(
  fileSystem: FileSystem,
  path: string,
  { db }: Setup,
  families: Iterable<FamilySetup>,
): Promise<void> {
  if (await fileSystem.exists(`${path}/CURRENT`)) return
  await repairDb(path, {
    fileSystem,
    columnFamilies: Object.fromEntries([...families].map(({ name, options }) => [name, options])),
    ...(db.walDirectory === undefined ? {} : { walDirectory: db.walDirectory }),
  })
}
