import { CorruptionError } from '@varve/base'
import { repairDb, TransactionDB, type RepairOptions } from '@varve/lsm-core'
import { FaultInjectionFileSystem } from '@varve/vfs'

import { isTyped } from '../is-typed.ts'
import type { LiveHistory } from '../live-history.ts'
import { prepareOnly } from './transaction.ts'

/** A whole database is not changed by its repair. */
export async function repair(history: LiveHistory): Promise<void> {
  const { random, fileSystem, path, db } = history
  const undecided =
    db instanceof TransactionDB && random.below(2) === 0
      ? await prepareOnly(history, db)
      : undefined
  const families = history.families.map(({ setup }) => setup)
  await history.close()
  history.step = 'repair'
  history.wasRepaired = true
  const { walDirectory } = history.setup.db
  if (random.below(2) === 0) {
    history.ledger.unnamed = true
    await fileSystem.remove(`${path}/CURRENT`)
    await fileSystem.syncDirectory(path)
  }
  const options = {
    fileSystem,
    columnFamilies: Object.fromEntries(families.map((family) => [family.name, family.options])),
    ...(walDirectory === undefined ? {} : { walDirectory }),
  }
  if (random.below(2) === 0) await interrupt(history, options)
  await repairWhole(path, options)
  await history.open(families)
  if (undecided !== undefined && !history.undecided.includes(undecided))
    throw new Error(`a repair lost the prepared transaction "${undecided}"`)
  history.step = 'repair'
  history.ledger.keepAll()
  await history.check()
}

async function repairWhole(path: string, options: RepairOptions): Promise<void> {
  const { damaged } = await repairDb(path, options)
  if (damaged.length > 0)
    throw new CorruptionError(
      `repair finds damage: ${damaged.map(({ reason }) => reason).join('; ')}`,
    )
}

const callsMax = 150

/** A repair whose disk is gone from some call on. */
async function interrupt(
  history: LiveHistory,
  options: RepairOptions & Pick<LiveHistory, 'fileSystem'>,
): Promise<void> {
  const fileSystem = new FaultInjectionFileSystem(options.fileSystem)
  fileSystem.failCall(history.random.below(callsMax), { error: 'EIO' }, Number.MAX_SAFE_INTEGER)
  try {
    await repairWhole(history.path, { ...options, fileSystem })
  } catch (error) {
    if (!isTyped(error) || history.isDisturbed()) throw error
  }
}
