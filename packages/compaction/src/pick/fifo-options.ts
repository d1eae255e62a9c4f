import { InvalidOptionError } from '@varve/base'

/** Options of FIFO compaction. Fields that are absent take the default. */
export interface FifoCompactionOptions {
  /** Bytes of all tables beyond which the oldest are deleted. Default 1 GiB. */
  readonly maxTableFilesSize?: number
  /** Merge small tables so that there are not too many. Default false. */
  readonly allowCompaction?: boolean
}

/** What the picker of FIFO compaction wants to know besides. */
export interface FifoPickerOptions extends FifoCompactionOptions {
  /** Seconds after which a table is deleted, 0 never. Default 0. */
  readonly ttl?: number
  /** Tables from which small ones are merged. Default 4. */
  readonly level0FileNumCompactionTrigger?: number
  /** Size of a memtable: merged tables are not merged again beyond it. Default 64 MiB. */
  readonly writeBufferSizeBytes?: number
  /** Bound of one merge. Default 1600 MiB. */
  readonly maxCompactionBytes?: number
}

/** {@link FifoPickerOptions}, complete. @internal */
export type ResolvedFifoOptions = Required<FifoPickerOptions>

const MiB = 1024 * 1024

/** Fills in the defaults. @throws InvalidOptionError for numbers out of range @internal */
export function resolveFifoOptions(options: FifoPickerOptions = {}): ResolvedFifoOptions {
  const resolved = {
    maxTableFilesSize: options.maxTableFilesSize ?? 1024 * MiB,
    allowCompaction: options.allowCompaction ?? false,
    ttl: options.ttl ?? 0,
    level0FileNumCompactionTrigger: options.level0FileNumCompactionTrigger ?? 4,
    writeBufferSizeBytes: options.writeBufferSizeBytes ?? 64 * MiB,
    maxCompactionBytes: options.maxCompactionBytes ?? 1600 * MiB,
  }
  for (const [name, value] of Object.entries(resolved)) {
    if (typeof value === 'number' && !(value > 0 || (value === 0 && name === 'ttl')))
      throw new InvalidOptionError(name, `must be above 0, is ${value}`)
  }
  return resolved
}
