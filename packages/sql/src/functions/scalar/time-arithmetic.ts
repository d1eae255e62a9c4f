import type { TimeUnit } from '../../ast/expression.ts'
import { dayMs } from '../../expression/cast/time-text.ts'
import type { ScalarFunction } from '../function.ts'

const unitMs: Readonly<Partial<Record<TimeUnit, number>>> = {
  MILLISECONDS: 1,
  SECONDS: 1000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: dayMs,
}

function spanMs(unit: TimeUnit, count: number): number {
  const ms = unitMs[unit]
  if (ms === undefined) throw new RangeError(`unit ${unit} has no fixed length`)
  return ms * count
}

function define(
  name: string,
  type: 'TIMESTAMP' | 'DATE' | 'TIME',
  description: string,
  shift: (value: number, ms: number) => number,
  sign: 1 | -1,
): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    category: 'DATE / TIME',
    description,
    overloads: [
      {
        parameters: [
          { name: 'unit', type: 'UNIT' },
          { name: 'count', type: 'INTEGER' },
          { name: type.toLowerCase(), type },
        ],
        returns: type,
        evaluate: (unit: TimeUnit, count: number, value: number) =>
          shift(value, spanMs(unit, count) * sign),
      },
    ],
  }
}

const shiftTimestamp = (value: number, ms: number): number => value + ms
const shiftDate = (value: number, ms: number): number => Math.floor((value * dayMs + ms) / dayMs)
const shiftTime = (value: number, ms: number): number => (((value + ms) % dayMs) + dayMs) % dayMs

/** Adding to and subtracting from times: TIMESTAMP exact, DATE cut to days, TIME around midnight. */
export const timeArithmetic: readonly ScalarFunction[] = [
  define('TIMESTAMPADD', 'TIMESTAMP', 'A TIMESTAMP some units later.', shiftTimestamp, 1),
  define('TIMESTAMPSUB', 'TIMESTAMP', 'A TIMESTAMP some units earlier.', shiftTimestamp, -1),
  define('DATEADD', 'DATE', 'A DATE some units later.', shiftDate, 1),
  define('DATESUB', 'DATE', 'A DATE some units earlier.', shiftDate, -1),
  define('TIMEADD', 'TIME', 'A TIME some units later, around midnight.', shiftTime, 1),
  define('TIMESUB', 'TIME', 'A TIME some units earlier, around midnight.', shiftTime, -1),
]
