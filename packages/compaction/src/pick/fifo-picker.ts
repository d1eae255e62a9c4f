import { UnsupportedError } from '@varve/base'
import type { FileMetadata, Version } from '@varve/manifest'

import type { CompactionInputLevel } from '../job/job-description.ts'
import type {
  Compaction,
  CompactionKind,
  CompactionPicker,
  CompactionReason,
  LevelScore,
  ManualLevels,
  ManualRange,
  ManualStep,
  PickInput,
} from './compaction.ts'
import { totalSizeBytes } from './file-size.ts'
import {
  resolveFifoOptions,
  type FifoPickerOptions,
  type ResolvedFifoOptions,
} from './fifo-options.ts'
import { finishCompaction } from './finish-compaction.ts'
import { findIntraLevel0Files } from './intra-level0.ts'
import { overlappedLevels } from './manual-files.ts'

/**
 * FIFO compaction: tables stay in level 0 as they were flushed; the oldest are deleted, with what is in them, when all together
 * are too large or when they are too old. For logs and caches.
 *
 * Source: RocksDB, FIFO compaction.
 */
export class FifoCompactionPicker implements CompactionPicker {
  readonly #options: ResolvedFifoOptions

  constructor(options: FifoPickerOptions = {}) {
    this.#options = resolveFifoOptions(options)
  }

  scores(input: PickInput): readonly LevelScore[] {
    const { version, filesInCompaction } = input
    const { maxTableFilesSize, allowCompaction, level0FileNumCompactionTrigger } = this.#options
    const idle = [...version.files()]
      .map(({ file }) => file)
      .filter((file) => !filesInCompaction.has(file.number))
    const score = Math.max(
      totalSizeBytes(idle) / maxTableFilesSize,
      allowCompaction ? idle.length / level0FileNumCompactionTrigger : 0,
      this.#beyondTtl(input).length,
    )
    return [{ level: 0, score }]
  }

  needsCompaction(input: PickInput): boolean {
    return this.pick(input) !== undefined
  }

  pick(input: PickInput): Compaction | undefined {
    return this.#pickByAge(input) ?? this.#pickBySize(input) ?? this.#pickToMerge(input)
  }

  manualLevels(version: Version, range: ManualRange): ManualLevels | undefined {
    const levels = overlappedLevels(version, range)
    return levels === undefined ? undefined : { ...levels, together: 0 }
  }

  /** By hand the same is done as by itself, whatever the range: what is kept has no order to bring it into. */
  pickManual(input: PickInput, step: ManualStep): Compaction | 'busy' | undefined {
    const compaction = this.pick(input)
    const { beforeFileNumber = Number.POSITIVE_INFINITY } = step
    const isOld = compaction?.inputs.some(({ files }) =>
      files.some((file) => file.number < beforeFileNumber),
    )
    return isOld === true ? compaction : undefined
  }

  pickFiles(): never {
    throw new UnsupportedError('compaction of named tables with FIFO compaction')
  }

  pendingCompactionBytes(): number {
    return 0
  }

  /** Expired tables, from the oldest on. */
  #beyondTtl({ version, nowS, filesInCompaction }: PickInput): FileMetadata[] {
    const { ttl } = this.#options
    const expired: FileMetadata[] = []
    if (ttl === 0 || nowS === undefined) return expired
    for (const file of version.levels[0]!.toReversed()) {
      const writtenS = file.oldestAncestorTimeS ?? 0
      if (writtenS === 0 || writtenS >= nowS - ttl || filesInCompaction.has(file.number)) break
      expired.push(file)
    }
    return expired
  }

  #pickByAge(input: PickInput): Compaction | undefined {
    const expired = this.#beyondTtl(input)
    if (expired.length === 0 || isLevel0Busy(input)) return undefined
    const left = sizeOf(input.version) - totalSizeBytes(expired)
    // Size alone has to delete more: then that rule takes them along.
    if (left > this.#options.maxTableFilesSize) return undefined
    return this.#finish(input, [{ level: 0, files: expired.reverse() }], 'fifoTtl', 'drop')
  }

  #pickBySize(input: PickInput): Compaction | undefined {
    const { version } = input
    let left = sizeOf(version)
    const { maxTableFilesSize } = this.#options
    if (left <= maxTableFilesSize || isLevel0Busy(input)) return undefined
    const inputs: CompactionInputLevel[] = []
    // Deeper levels are there only after another style, and hold the oldest.
    for (let level = version.levels.length - 1; level >= 0 && left > maxTableFilesSize; level--) {
      const files: FileMetadata[] = []
      for (const file of level === 0 ? version.levels[0]!.toReversed() : version.levels[level]!) {
        if (left <= maxTableFilesSize) break
        files.push(file)
        left -= file.fileSizeBytes
      }
      if (level === 0) files.reverse()
      if (files.length > 0) inputs.unshift({ level, files })
    }
    return this.#finish(input, inputs, 'fifoMaxSize', 'drop')
  }

  #pickToMerge(input: PickInput): Compaction | undefined {
    const { allowCompaction, level0FileNumCompactionTrigger, writeBufferSizeBytes } = this.#options
    if (!allowCompaction) return undefined
    const files = findIntraLevel0Files(input, {
      minFiles: level0FileNumCompactionTrigger,
      // A merged table is hardly merged again: it would grow until no part of it can expire.
      maxBytesPerDeletedFile: writeBufferSizeBytes * 1.1,
      maxCompactionBytes: this.#options.maxCompactionBytes,
    })
    if (files === undefined) return undefined
    return this.#finish(input, [{ level: 0, files }], 'fifoFileCount', 'rewrite')
  }

  #finish(
    input: PickInput,
    inputs: readonly CompactionInputLevel[],
    reason: CompactionReason,
    kind: CompactionKind,
  ): Compaction | undefined {
    const { maxCompactionBytes } = this.#options
    const draft = {
      reason,
      inputs,
      outputLevel: 0,
      baseLevel: 1,
      targetFileSizeBytes: Number.MAX_SAFE_INTEGER,
      alignsWithGrandparents: false,
      maxCompactionBytes,
    }
    return finishCompaction(input, draft, () => kind)
  }
}

function sizeOf(version: Version): number {
  let bytes = 0
  for (const { file } of version.files()) bytes += file.fileSizeBytes
  return bytes
}

function isLevel0Busy({ version, filesInCompaction }: PickInput): boolean {
  return version.levels[0]!.some((file) => filesInCompaction.has(file.number))
}
