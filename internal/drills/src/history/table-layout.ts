import type { SeededRandom } from '@varve/base/testing'
import type { ColumnFamilyOptions, CompressionName } from '@varve/lsm-core'

import { maybe, type SetupLimits } from './setup.ts'

const compressions: readonly CompressionName[] = ['none', 'snappy', 'lz4', 'lz4hc', 'zstd', 'zlib']

/** A random layout of tables. */
export function randomLayout(random: SeededRandom, limits: SetupLimits): ColumnFamilyOptions {
  const compression = random.pick(compressions)
  const formatVersionMax = limits.formatVersionMax ?? 7
  const formatVersion = random.below(2) === 0 ? 5 : 2 + random.below(formatVersionMax - 1)
  const prefixExtractor =
    random.below(3) === 0 ? random.pick(['fixed:3', 'capped:4', 'fixed:8']) : undefined
  const index = random.pick([
    'binary',
    'binary',
    'twoLevel',
    'firstKey',
    ...(prefixExtractor === undefined ? [] : (['hash'] as const)),
  ] as const)
  return {
    compression,
    formatVersion,
    blockSizeBytes: random.pick([64, 256, 1024, 4096]),
    blockRestartInterval: random.pick([1, 2, 16]),
    bloomBitsPerKey: random.pick([0, 3, 10]),
    checksum: random.pick([
      'crc32c',
      'xxhash',
      'xxhash64',
      'xxh3',
      ...(limits.checked === true ? [] : (['none'] as const)),
    ] as const),
    index,
    ...(prefixExtractor === undefined
      ? {}
      : { prefixExtractor, wholeKeyFiltering: random.below(3) > 0 }),
    ...maybe(random, 3, { dataBlockIndex: 'binaryAndHash' as const }),
    ...maybe(random, 3, { indexBlockRestartInterval: 4 }),
    ...maybe(random, 3, { filter: 'ribbon' as const }),
    ...maybe(random, 3, { indexShortening: random.pick(['none', 'separatorsAndSuccessor']) }),
    ...maybe(random, 3, { fileChecksum: 'crc32c' as const }),
    // Aligned blocks cannot be compressed anywhere.
    ...(compression === 'none' && random.below(4) === 0
      ? { blockAlign: true }
      : {
          ...maybe(random, 4, { bottommostCompression: random.pick(compressions) }),
          ...maybe(random, 4, {
            compressionPerLevel: ['none', 'none', random.pick(compressions)] as const,
          }),
        }),
    ...(compression === 'snappy' ? {} : maybe(random, 3, { maxDictBytes: 512 })),
    ...(index === 'twoLevel'
      ? { metadataBlockSizeBytes: 128, partitionFilters: random.below(2) === 0 }
      : {}),
  }
}
