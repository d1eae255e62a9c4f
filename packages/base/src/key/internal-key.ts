import { assert, CorruptionError, UnsupportedError } from '../errors.ts'
import { readFixed32, writeFixed32 } from '../bytes/fixed.ts'

/**
 * Internal keys: `user key ++ fixed64(sequence << 8 | value type)`.
 *
 * Sequence numbers are 56 bits in the format and JavaScript numbers here, asserted to be safe integers; one value above
 * 2^53 is legal, 2^56 - 1, which marks an exclusive upper bound made by a range tombstone. It is written and read as
 * {@link sequenceSentinel}, `Infinity`, so that it compares as it should.
 */
export const trailerSizeBytes = 8

/** Largest sequence number that entries and snapshots have here. */
export const maxSequence: number = Number.MAX_SAFE_INTEGER

/** Stands for 2^56 - 1; see {@link trailerSizeBytes}. */
export const sequenceSentinel: number = Number.POSITIVE_INFINITY

/** Writes the trailer of `sequence` and `type` (eight bytes) at `position`. */
export function writeTrailer(
  target: Uint8Array,
  position: number,
  sequence: number,
  type: number,
): void {
  if (sequence === sequenceSentinel) {
    writeFixed32(target, position, 0xffff_ff00 | type)
    writeFixed32(target, position + 4, 0xffff_ffff)
    return
  }
  assert(sequence >= 0 && sequence <= maxSequence, 'a sequence number is a safe integer')
  const high = Math.floor(sequence / 0x100_0000)
  writeFixed32(target, position, ((sequence - high * 0x100_0000) << 8) | type)
  writeFixed32(target, position + 4, high)
}

/** A fresh internal key. */
export function encodeInternalKey(
  userKey: Uint8Array,
  sequence: number,
  type: number,
): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(userKey.length + trailerSizeBytes)
  key.set(userKey)
  writeTrailer(key, userKey.length, sequence, type)
  return key
}

/** View of the user key in an internal key. */
export function userKeyOf(internalKey: Uint8Array): Uint8Array {
  return internalKey.subarray(0, internalKey.length - trailerSizeBytes)
}

/** Sequence number of the trailer that starts at `position`. @throws UnsupportedError when it is neither safe nor the sentinel */
export function readTrailerSequence(bytes: Uint8Array, position: number): number {
  const high = readFixed32(bytes, position + 4)
  const low = readFixed32(bytes, position) >>> 8
  if (high < 0x2000_0000) return high * 0x100_0000 + low
  if (high === 0xffff_ffff && low === 0xff_ffff) return sequenceSentinel
  throw new UnsupportedError('sequence numbers of 2^53 and more, which an internal key has')
}

/** Sequence number of an internal key. */
export function sequenceOf(internalKey: Uint8Array): number {
  return readTrailerSequence(internalKey, internalKey.length - trailerSizeBytes)
}

/** Value type byte of an internal key; not checked to be a known one. */
export function valueTypeOf(internalKey: Uint8Array): number {
  return internalKey[internalKey.length - trailerSizeBytes]!
}

/** @throws CorruptionError when `key` is too short to be an internal key */
export function checkInternalKey(key: Uint8Array): void {
  if (key.length < trailerSizeBytes) {
    throw new CorruptionError(`internal key of ${key.length} bytes has no trailer`)
  }
}
