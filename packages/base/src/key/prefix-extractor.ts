import { InvalidOptionError } from '../errors.ts'

/**
 * Cuts the prefix off user keys, so that a filter or a hash index can say of all keys with one prefix that there are none.
 * Two keys with one prefix must be neighbours in the family's order, which holds for leading bytes in bytewise orders.
 */
export interface PrefixExtractor {
  /** Name in tables and OPTIONS files; those of other names are not used. */
  readonly name: string
  /** Length of the prefix of the key in `bytes[0, length)`, or -1 when the key has none. */
  prefixLength(bytes: Uint8Array, length: number): number
}

/** Longest prefix; longer ones are taken for a slip of the pen. */
const MAX_PREFIX_BYTES = 1 << 20

/** The first `sizeBytes` bytes; shorter keys have no prefix. RocksDB's `NewFixedPrefixTransform`. */
export function fixedPrefixExtractor(sizeBytes: number): PrefixExtractor {
  check(sizeBytes)
  return {
    name: `rocksdb.FixedPrefix.${sizeBytes}`,
    prefixLength: (_bytes, length) => (length < sizeBytes ? -1 : sizeBytes),
  }
}

/** The first `sizeBytes` bytes, or all of a shorter key. RocksDB's `NewCappedPrefixTransform`. */
export function cappedPrefixExtractor(sizeBytes: number): PrefixExtractor {
  check(sizeBytes)
  return {
    name: `rocksdb.CappedPrefix.${sizeBytes}`,
    prefixLength: (_bytes, length) => Math.min(length, sizeBytes),
  }
}

const noopExtractor: PrefixExtractor = {
  name: 'rocksdb.Noop',
  prefixLength: (_bytes, length) => length,
}

/**
 * The extractor of a name: `rocksdb.FixedPrefix.8` or `fixed:8`, `rocksdb.CappedPrefix.8` or `capped:8`, `rocksdb.Noop`.
 * Undefined for any other.
 */
export function prefixExtractorNamed(name: string): PrefixExtractor | undefined {
  if (name === noopExtractor.name) return noopExtractor
  const match = /^(?:rocksdb\.(Fixed|Capped)Prefix\.|(fixed|capped):)(\d{1,7})$/.exec(name)
  if (match === null) return undefined
  const sizeBytes = Number(match[3])
  if (sizeBytes > MAX_PREFIX_BYTES) return undefined
  const kind = (match[1] ?? match[2])!.toLowerCase()
  return kind === 'fixed' ? fixedPrefixExtractor(sizeBytes) : cappedPrefixExtractor(sizeBytes)
}

function check(sizeBytes: number): void {
  if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > MAX_PREFIX_BYTES)
    throw new InvalidOptionError('prefixExtractor', `cannot have a prefix of ${sizeBytes} bytes`)
}
