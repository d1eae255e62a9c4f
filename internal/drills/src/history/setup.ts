import { reverseBytewiseComparator } from '@varve/base'
import type { SeededRandom } from '@varve/base/testing'
import type { ColumnFamilyOptions, DBOptions } from '@varve/lsm-core'

import type { FamilyModel, MergeName } from './content.ts'
import { randomLayout } from './table-layout.ts'

/** A family of a history. */
export interface FamilySetup extends FamilyModel {
  readonly name: string
  readonly options: ColumnFamilyOptions
  /** Whether its writes go through the log. */
  readonly logged: boolean
}

/** Options of a history: those of the database, and its first families, `default` among them. */
export interface Setup {
  readonly db: Omit<DBOptions, 'columnFamilies' | 'fileSystem'>
  readonly families: readonly FamilySetup[]
  /** The database is opened as one whose writers lock keys, and whose transactions may have two phases. Default false. */
  readonly locks?: boolean
  /** Of the database's own cache of blocks. Default 1 MiB. */
  readonly cacheBytes?: number
}

/** What the user of a setup cannot do with. */
export interface SetupLimits {
  /** No family that skips the log. */
  readonly allLogged?: boolean
  /** No families with times: other programs would have to be told. */
  readonly noTimes?: boolean
  /** Blocks have checksums: damage is found. */
  readonly checked?: boolean
  /** Others look at the files: the logs are in the database's directory, and no transaction has two phases. */
  readonly plain?: boolean
  /** Newest format of tables. Default 7. */
  readonly formatVersionMax?: number
}

/** Random options, small enough that a short history meets flushes and compactions. */
export function randomSetup(random: SeededRandom, limits: SetupLimits = {}): Setup {
  const count = 1 + random.below(3)
  const families = Array.from({ length: count }, (_, i) =>
    randomFamily(random, i === 0 ? 'default' : `family${i}`, limits),
  )
  return {
    db: {
      ...maybe(random, 4, { maxTotalWalSizeBytes: 20_000 }),
      ...maybe(random, 4, { dbWriteBufferSizeBytes: 12_000 }),
      ...maybe(random, 6, { maxOpenFiles: 3 }),
      ...maybe(random, 3, { maxBackgroundJobs: 4 }),
      ...maybe(random, 3, { maxSubcompactions: 3 }),
      ...maybe(random, 3, { atomicFlush: true }),
      ...maybe(random, 3, { rowCacheBytes: 20_000 }),
      ...maybe(random, 5, { manualWalFlush: true }),
      ...maybe(random, 3, { recycleLogFileNum: 2 }),
      ...maybe(random, 4, { trackAndVerifyWalsInManifest: true }),
      ...(limits.plain === true ? {} : maybe(random, 4, { walDirectory: 'logs' })),
    },
    families,
    ...(limits.plain === true ? {} : maybe(random, 3, { locks: true })),
    ...maybe(random, 3, { cacheBytes: random.pick([2000, 20_000]) }),
  }
}

/** Random options of one family. */
export function randomFamily(
  random: SeededRandom,
  name: string,
  limits: SetupLimits = {},
): FamilySetup {
  const merge = random.pick<MergeName>(['none', 'stringappend', 'uint64add'])
  const reverse = random.below(4) === 0
  return {
    name,
    merge,
    reverse,
    logged: limits.allLogged === true || name === 'default' || random.below(4) > 0,
    options: {
      ...randomLayout(random, limits),
      ...randomCompaction(random),
      writeBufferSizeBytes: random.pick([4000, 7000, 20_000, 1 << 20]),
      ...maybe(random, 4, { maxWriteBufferNumber: 4 }),
      ...(reverse ? { comparator: reverseBytewiseComparator } : {}),
      ...(merge === 'none' ? {} : { mergeOperator: merge }),
      ...(limits.noTimes === true ? {} : maybe(random, 6, { ttlSeconds: 0 })),
    },
  }
}

function randomCompaction(random: SeededRandom): ColumnFamilyOptions {
  const shared: ColumnFamilyOptions = {
    level0FileNumCompactionTrigger: random.pick([1, 2, 4]),
    targetFileSizeBaseBytes: random.pick([200, 2000, 1 << 20]),
    ...maybe(random, 8, { disableAutoCompactions: true }),
  }
  switch (random.below(6)) {
    case 0:
      // Nothing is dropped: the model would not know what.
      return {
        ...shared,
        compactionStyle: 'fifo',
        compactionOptionsFifo: {
          maxTableFilesSize: 1 << 30,
          allowCompaction: random.below(2) === 0,
        },
        ttl: 0,
      }
    case 1:
      return {
        ...shared,
        compactionStyle: 'universal',
        compactionOptionsUniversal: {
          sizeRatio: random.pick([1, 50]),
          maxSizeAmplificationPercent: random.pick([25, 200]),
          stopStyle: random.pick(['totalSize', 'similarSize']),
          allowTrivialMove: random.below(2) === 0,
        },
        ...maybe(random, 3, { numLevels: 1 }),
      }
    default:
      return {
        ...shared,
        maxBytesForLevelBase: random.pick([1000, 10_000, 1 << 20]),
        levelCompactionDynamicLevelBytes: random.below(2) === 0,
        compactionPri: random.pick([
          'minOverlappingRatio',
          'byCompensatedSize',
          'oldestLargestSeqFirst',
          'oldestSmallestSeqFirst',
        ] as const),
        ...maybe(random, 4, { maxCompactionBytes: 5000 }),
      }
  }
}

/** The options in one case of `n`, else none. */
export function maybe<T extends object>(random: SeededRandom, n: number, options: T): Partial<T> {
  return random.below(n) === 0 ? options : {}
}
