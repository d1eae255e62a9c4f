import { compareByteRanges, compareBytes } from '../bytes/compare.ts'
import { readFixed32 } from '../bytes/fixed.ts'
import { trailerSizeBytes } from './internal-key.ts'

/** A total order of user keys. Files remember its name; a family opened under another name is refused. */
export interface Comparator {
  /** Stored in MANIFEST, tables and OPTIONS. */
  readonly name: string
  /** Below, equal to or above 0 as `a` sorts before, with or after `b`. Equal keys must be equal bytes. */
  compare(a: Uint8Array, b: Uint8Array): number
}

/** Unsigned bytes, a prefix first. The name is inherited from LevelDB. */
export const bytewiseComparator: Comparator = {
  name: 'leveldb.BytewiseComparator',
  compare: compareBytes,
}

/** Exactly the reverse of {@link bytewiseComparator}: the empty key is last. */
export const reverseBytewiseComparator: Comparator = {
  name: 'rocksdb.ReverseBytewiseComparator',
  compare: (a, b) => compareBytes(b, a),
}

/** The comparator that every database knows by this name; undefined for any other. */
export function comparatorNamed(name: string): Comparator | undefined {
  if (name === bytewiseComparator.name) return bytewiseComparator
  return name === reverseBytewiseComparator.name ? reverseBytewiseComparator : undefined
}

/** Orders trailers of the internal keys `a` and `b`: the newer (greater) one first. */
function compareTrailers(a: Uint8Array, b: Uint8Array): number {
  const startA = a.length - trailerSizeBytes
  const startB = b.length - trailerSizeBytes
  const high = readFixed32(b, startB + 4) - readFixed32(a, startA + 4)
  return high !== 0 ? high : readFixed32(b, startB) - readFixed32(a, startA)
}

/**
 * Orders internal keys: user key ascending by the family's comparator, then trailer descending (newest first).
 *
 * Both keys must be at least eight bytes long.
 */
export class InternalKeyComparator {
  readonly user: Comparator
  readonly #bytewise: boolean

  constructor(user: Comparator = bytewiseComparator) {
    this.user = user
    this.#bytewise = user === bytewiseComparator
  }

  compare(a: Uint8Array, b: Uint8Array): number {
    const order = this.compareUserKeys(a, b)
    return order !== 0 ? order : compareTrailers(a, b)
  }

  /** Compares only the user keys of two internal keys. */
  compareUserKeys(a: Uint8Array, b: Uint8Array): number {
    const endA = a.length - trailerSizeBytes
    const endB = b.length - trailerSizeBytes
    if (this.#bytewise) return compareByteRanges(a, 0, endA, b, 0, endB)
    return this.user.compare(a.subarray(0, endA), b.subarray(0, endB))
  }
}
