import type { TimeUnit } from '../ast/expression.ts'
import type { DurationNode } from '../ast/query.ts'
import { SqlError } from '../errors.ts'
import { timeUnitOf } from '../parser/parse-query.ts'

/** Milliseconds of units of fixed length; months and years count 30 and 365 days, as ksqlDB's window sizes do. */
const unitMs: Readonly<Record<TimeUnit, number>> = {
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: 86_400_000,
  MONTHS: 30 * 86_400_000,
  YEARS: 365 * 86_400_000,
}

/** Milliseconds of a count of units. */
export function durationMs(value: number, unit: TimeUnit): number {
  return value * unitMs[unit]
}

/** Milliseconds of a text like `10 SECONDS`; `undefined` when it is none. */
export function parseWindowSize(text: string): number | undefined {
  const match = /^\s*(\d{1,12})\s+([A-Za-z]+)\s*$/.exec(text)
  const unit = match === null ? undefined : timeUnitOf(match[2]!.toUpperCase())
  return match === null || unit === undefined ? undefined : durationMs(Number(match[1]), unit)
}

/** Milliseconds of a duration as written. @throws SqlError beyond 2^53 */
export function nodeMs(duration: DurationNode): number {
  const ms = durationMs(duration.value, duration.unit)
  if (!Number.isSafeInteger(ms)) throw new SqlError('duration is too long', { span: duration.span })
  return ms
}
