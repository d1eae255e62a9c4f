import type { FuzzTarget } from '../fuzz-target.ts'
import { batchTarget } from './batch-target.ts'
import { compressionTargets } from './compression-targets.ts'
import { logTarget } from './log-target.ts'
import {
  currentTarget,
  manifestTarget,
  optionsTarget,
  versionEditTarget,
} from './manifest-targets.ts'
import {
  blockTarget,
  filterTarget,
  footerTarget,
  indexTarget,
  propertiesTarget,
} from './table-part-targets.ts'
import { tableTarget } from './table-target.ts'

/** Every decoder of the store's files. */
export const fuzzTargets: readonly FuzzTarget[] = [
  logTarget,
  batchTarget,
  versionEditTarget,
  manifestTarget,
  currentTarget,
  optionsTarget,
  blockTarget,
  indexTarget,
  footerTarget,
  propertiesTarget,
  filterTarget,
  ...compressionTargets,
  tableTarget,
]
