import type { SeededRandom } from '@varve/base/testing'

import type { ColumnFamilyOptions, DBOptions } from '../src/index.ts'

/** Random options of a family, small enough that a few thousand entries make levels. */
export function randomFamilyOptions(random: SeededRandom, numLevels: number): ColumnFamilyOptions {
  const style =
    numLevels < 2 ? ('universal' as const) : random.pick(['level', 'level', 'universal'] as const)
  return {
    mergeOperator: 'stringappend',
    numLevels,
    compactionStyle: style,
    compression: random.pick(['none', 'snappy', 'lz4', 'zstd']),
    writeBufferSizeBytes: random.pick([6000, 12_000, 40_000]),
    blockSizeBytes: random.pick([128, 1024]),
    maxWriteBufferNumber: random.pick([2, 5]),
    level0FileNumCompactionTrigger: random.pick([2, 3, 4]),
    targetFileSizeBaseBytes: random.pick([1000, 4000, 20_000]),
    targetFileSizeMultiplier: random.pick([1, 2]),
    maxBytesForLevelBase: random.pick([4000, 20_000]),
    maxBytesForLevelMultiplier: random.pick([2, 10]),
    levelCompactionDynamicLevelBytes: random.below(2) === 0,
    compactionPri: random.pick([
      'minOverlappingRatio',
      'byCompensatedSize',
      'oldestLargestSeqFirst',
      'oldestSmallestSeqFirst',
      'roundRobin',
    ]),
    ...(random.below(3) === 0 ? { maxCompactionBytes: 30_000 } : {}),
    compactionOptionsUniversal: {
      sizeRatio: random.pick([1, 20, 200]),
      minMergeWidth: random.pick([2, 3]),
      maxMergeWidth: random.pick([3, 100]),
      maxSizeAmplificationPercent: random.pick([25, 200, 10_000]),
      stopStyle: random.pick(['totalSize', 'similarSize']),
      allowTrivialMove: random.below(2) === 0,
    },
    // Nothing is dropped: the test compares with all that was written.
    compactionOptionsFifo: { maxTableFilesSize: 1 << 30, allowCompaction: random.below(2) === 0 },
  }
}

/** Random options of the jobs of a database. */
export function randomJobOptions(random: SeededRandom): DBOptions {
  return {
    maxBackgroundCompactions: random.pick([1, 2, 4]),
    maxBackgroundFlushes: random.pick([1, 2]),
    maxSubcompactions: random.pick([1, 2, 4]),
  }
}
