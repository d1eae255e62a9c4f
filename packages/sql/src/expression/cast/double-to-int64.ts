import { int64FromNumber, type Int64 } from '@varve/serde'

/** The BIGINT of a DOUBLE without its fraction; the nearest when it is out of range, 0 for NaN. As Java casts a double to a long. */
export function doubleToInt64(value: number): Int64 {
  if (Number.isNaN(value)) return 0
  if (value >= 2 ** 63) return 2n ** 63n - 1n
  return value < -(2 ** 63) ? -(2n ** 63n) : int64FromNumber(value)
}
