import { asInteger, type RawObject } from './connect/raw.ts'
import { Instant } from './values/values.ts'

/** The finest of `ts_ns`, `ts_us` and `ts_ms`. */
export function timeOf(object: RawObject | undefined): Instant | undefined {
  if (object === undefined) return undefined
  const ns = asInteger(object.get('ts_ns'))
  if (ns !== undefined) return new Instant(ns)
  const us = asInteger(object.get('ts_us'))
  if (us !== undefined) return new Instant(us * 1000n)
  return instantOfMs(asInteger(object.get('ts_ms'))) ?? timeOfOldSource(object)
}

/** Before 1.0 MySQL's time was in seconds, PostgreSQL's in microseconds or, in some releases under the same name, nanoseconds. */
function timeOfOldSource(object: RawObject): Instant | undefined {
  const seconds = asInteger(object.get('ts_sec')) ?? asInteger(object.get('sec'))
  if (seconds !== undefined) return new Instant(seconds * 1_000_000_000n)
  const fine = asInteger(object.get('ts_usec'))
  if (fine === undefined) return undefined
  return new Instant(fine > LATEST_US ? fine : fine * 1000n)
}

/** Microseconds of the year 5138: what is more is nanoseconds. */
const LATEST_US = 100_000_000_000_000_000n

/** A moment of milliseconds since the epoch. */
export function instantOfMs(ms: bigint | undefined): Instant | undefined {
  return ms === undefined ? undefined : new Instant(ms * 1_000_000n)
}
