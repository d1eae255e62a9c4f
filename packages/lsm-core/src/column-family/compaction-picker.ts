import {
  FifoCompactionPicker,
  LeveledCompactionPicker,
  UniversalCompactionPicker,
  type CompactionPicker,
  type CompressionPlace,
} from '@varve/compaction'

import { compressionAt } from '../options/table-layout.ts'
import type { ResolvedColumnFamilyOptions } from '../options/resolve.ts'

/** What decides about the compactions of a family with these options. */
export function createCompactionPicker(options: ResolvedColumnFamilyOptions): CompactionPicker {
  const {
    level0FileNumCompactionTrigger,
    targetFileSizeBaseBytes,
    targetFileSizeMultiplier,
    maxCompactionBytes,
    ttl,
    periodicCompactionSeconds,
  } = options
  const common = { level0FileNumCompactionTrigger, maxCompactionBytes, ttl }
  const sizes = {
    targetFileSizeBaseBytes,
    targetFileSizeMultiplier,
    periodicCompactionSeconds,
    compressionOf: (place: CompressionPlace) => compressionAt(options, place),
  }
  switch (options.compactionStyle) {
    case 'universal':
      return new UniversalCompactionPicker({
        ...options.compactionOptionsUniversal,
        ...common,
        ...sizes,
      })
    case 'fifo':
      return new FifoCompactionPicker({
        ...options.compactionOptionsFifo,
        ...common,
        writeBufferSizeBytes: options.writeBufferSizeBytes,
      })
    case 'level':
      return new LeveledCompactionPicker({
        ...common,
        ...sizes,
        maxBytesForLevelBase: options.maxBytesForLevelBase,
        maxBytesForLevelMultiplier: options.maxBytesForLevelMultiplier,
        maxBytesForLevelMultiplierAdditional: options.maxBytesForLevelMultiplierAdditional,
        dynamicLevelBytes: options.levelCompactionDynamicLevelBytes,
        compactionPri: options.compactionPri,
      })
  }
}
