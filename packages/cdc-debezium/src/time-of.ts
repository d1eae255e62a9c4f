import { asInteger, type RawObject } from './connect/raw.ts'
import { Instant } from './values/values.ts'

/** The finest of `ts_ns`, `ts_us` and `ts_ms`. */
export function timeOf(object: RawObject | undefined): Instant | undefined {
  if (object === undefined) return undefined
  const ns = asInteger(object.get('ts_ns'))
  if (ns !== undefined) return new Instant(ns)
  const us = asInteger(object.get('ts_us'))
  if (us !== undefined) return new Instant(us * 1000n)
  return instantOfMs(asInteger(object.get('ts_ms')))
}

/** A moment of milliseconds since the epoch. */
export function instantOfMs(ms: bigint | undefined): Instant | undefined {
  return ms === undefined ? undefined : new Instant(ms * 1_000_000n)
}
