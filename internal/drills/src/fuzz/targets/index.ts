import type { FuzzTarget } from '../fuzz-target.ts'
import { backupTarget } from './backup-target.ts'
import { batchTarget } from './batch-target.ts'
import { compressionTargets } from './compression-targets.ts'
import { filterTargets } from './filter-targets.ts'
import { logTarget } from './log-target.ts'
import {
  currentTarget,
  manifestTarget,
  optionsTarget,
  versionEditTarget,
} from './manifest-targets.ts'
import {
  blockTarget,
  footerTarget,
  indexTarget,
  propertiesTarget,
  separatedBlockTarget,
} from './table-part-targets.ts'
import { rangeTombstoneTarget } from './range-tombstone-target.ts'
import { recycledLogTarget } from './recycled-log-target.ts'
import { tableTarget, uncheckedTableTarget } from './table-target.ts'

/** Every decoder of the store's files. */
export const fuzzTargets: readonly FuzzTarget[] = [
  logTarget,
  recycledLogTarget,
  batchTarget,
  versionEditTarget,
  manifestTarget,
  currentTarget,
  optionsTarget,
  blockTarget,
  separatedBlockTarget,
  indexTarget,
  rangeTombstoneTarget,
  footerTarget,
  propertiesTarget,
  ...filterTargets,
  ...compressionTargets,
  tableTarget,
  uncheckedTableTarget,
  backupTarget,
]
