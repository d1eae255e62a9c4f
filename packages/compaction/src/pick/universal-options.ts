import { InvalidOptionError } from '@varve/base'

/** Options of universal compaction. Fields that are absent take the default. */
export interface UniversalCompactionOptions {
  /** Percent by which the runs before may be smaller than the next one that joins them. Default 1. */
  readonly sizeRatio?: number
  /** Sorted runs that one compaction merges at least. Default 2. */
  readonly minMergeWidth?: number
  /** Sorted runs that one compaction merges at most. Default: any number. */
  readonly maxMergeWidth?: number
  /** Percent of the oldest run that all others together may take before everything is merged. Default 200. */
  readonly maxSizeAmplificationPercent?: number
  /**
   * When a run joins: `totalSize` compares it with all runs picked so far, `similarSize` with the last one, both ways.
   * Default `totalSize`.
   */
  readonly stopStyle?: 'totalSize' | 'similarSize'
  /** Move tables that overlap nothing instead of rewriting them. Default false. */
  readonly allowTrivialMove?: boolean
}

/** {@link UniversalCompactionOptions}, complete. @internal */
export type ResolvedUniversalOptions = Required<UniversalCompactionOptions>

/** Fills in the defaults. @throws InvalidOptionError for numbers that are out of range @internal */
export function resolveUniversalOptions(
  options: UniversalCompactionOptions = {},
): ResolvedUniversalOptions {
  const resolved = {
    sizeRatio: options.sizeRatio ?? 1,
    minMergeWidth: options.minMergeWidth ?? 2,
    maxMergeWidth: options.maxMergeWidth ?? Number.POSITIVE_INFINITY,
    maxSizeAmplificationPercent: options.maxSizeAmplificationPercent ?? 200,
    stopStyle: options.stopStyle ?? ('totalSize' as const),
    allowTrivialMove: options.allowTrivialMove ?? false,
  }
  const atLeast = (name: keyof UniversalCompactionOptions, min: number): void => {
    const value = resolved[name]
    if (typeof value === 'number' && !(value >= min))
      throw new InvalidOptionError(name, `must be ${min} or more, is ${value}`)
  }
  atLeast('sizeRatio', 0)
  atLeast('minMergeWidth', 2)
  atLeast('maxMergeWidth', resolved.minMergeWidth)
  atLeast('maxSizeAmplificationPercent', 0)
  if (resolved.stopStyle !== 'totalSize' && resolved.stopStyle !== 'similarSize') {
    throw new InvalidOptionError(
      'stopStyle',
      `must be totalSize or similarSize, is ${String(resolved.stopStyle)}`,
    )
  }
  return resolved
}
