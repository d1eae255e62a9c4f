import type { Serde } from '../serde.ts'

/** Writes a whole number of milliseconds from 0 to 2^53 as eight bytes, big-endian: byte order is numeric order. */
export function writeTime(bytes: Uint8Array, at: number, time: number): void {
  const high = Math.floor(time / 0x1_0000_0000)
  const low = time >>> 0
  bytes[at] = high >>> 24
  bytes[at + 1] = high >>> 16
  bytes[at + 2] = high >>> 8
  bytes[at + 3] = high
  bytes[at + 4] = low >>> 24
  bytes[at + 5] = low >>> 16
  bytes[at + 6] = low >>> 8
  bytes[at + 7] = low
}

/** Twin of {@link writeTime}. */
export function readTime(bytes: Uint8Array, at: number): number {
  const high =
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  const low =
    ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
  return high * 0x1_0000_0000 + low
}

/** Up to this size V8 keeps a typed array's bytes on its heap, as long as nobody asks for a view on them. */
const onHeapBytesMax = 64

/** A part of bytes that are not written to any more. Of small ones a copy: a view would first move all of them off the heap. */
export function partOf(bytes: Uint8Array, start: number, end: number = bytes.length): Uint8Array {
  return bytes.length <= onHeapBytesMax ? bytes.slice(start, end) : bytes.subarray(start, end)
}

/** `[time, 8 bytes][value]`: a row of a timestamped store. */
export function encodeTimestamped<T>(serde: Serde<T>, value: T, timestamp: number): Uint8Array {
  const bytes = serde.serializeBehind?.(value, 8) ?? behind(serde.serialize(value), 8)
  writeTime(bytes, 0, timestamp)
  return bytes
}

function behind(bytes: Uint8Array | null, space: number): Uint8Array {
  const result = new Uint8Array(space + (bytes?.length ?? 0))
  if (bytes !== null) result.set(bytes, space)
  return result
}

/** The bytes of a key with `space` bytes behind them, which the caller fills. */
export function encodeKeyBefore<K>(serde: Serde<K>, key: K, space: number): Uint8Array {
  const within = serde.serializeBefore?.(key, space)
  if (within !== undefined && within !== null) return within
  const bytes = serde.serialize(key)
  const result = new Uint8Array((bytes?.length ?? 0) + space)
  if (bytes !== null) result.set(bytes)
  return result
}

/** Value of such a row. */
export function decodeTimestamped<T>(serde: Serde<T>, bytes: Uint8Array): T {
  return serde.deserializeFrom === undefined
    ? serde.deserialize(partOf(bytes, 8))
    : serde.deserializeFrom(bytes, 8)
}

/** `[key][start, 8 bytes]`: key of a time window. */
export function encodeWindowKey(key: Uint8Array, start: number): Uint8Array {
  const bytes = new Uint8Array(key.length + 8)
  bytes.set(key)
  writeTime(bytes, key.length, start)
  return bytes
}

/** `[key][end, 8 bytes][start, 8 bytes]`: key of a session; the end first, as sessions are looked for by their end. */
export function encodeSessionKey(key: Uint8Array, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(key.length + 16)
  bytes.set(key)
  writeTime(bytes, key.length, end)
  writeTime(bytes, key.length + 8, start)
  return bytes
}
