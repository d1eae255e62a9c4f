import { parseDecimal } from '@varve/serde'

import type { RangeBound, RangeDelete } from '../change.ts'
import { isStruct } from '../record/key.ts'
import { formatValue } from '../values/value-text.ts'
import type { ColumnValue, StructValue } from '../values/values.ts'

/** Whether a row's key is of the partition and between the bounds of a range delete. */
export function inRange({ key, start, end }: RangeDelete, rowKey: ColumnValue): boolean {
  if (!isStruct(rowKey)) return false
  if (isStruct(key)) {
    const bounded = new Set([...(start?.values ?? []), ...(end?.values ?? [])].map((v) => v.name))
    for (const [name, value] of Object.entries(key)) {
      // Clustering columns are null, or in the bounds.
      if (value === null || bounded.has(name)) continue
      if (!Object.hasOwn(rowKey, name) || formatValue(rowKey[name]!) !== formatValue(value))
        return false
    }
  }
  return beyond(rowKey, start, 'START') && beyond(rowKey, end, 'END')
}

/** Whether a key is on the inner side of a bound, by leading clustering columns. */
function beyond(
  rowKey: StructValue,
  bound: RangeBound | undefined,
  side: 'START' | 'END',
): boolean {
  if (bound === undefined) return true
  for (const { name, value } of bound.values) {
    const own = Object.hasOwn(rowKey, name) ? rowKey[name]! : null
    const order = compareValues(own, value)
    if (order !== 0) return side === 'START' ? order > 0 : order < 0
  }
  return !bound.method.startsWith('EXCL')
}

/** Bounds carry values as text or numbers, whatever the column's type. */
function compareValues(a: ColumnValue, b: ColumnValue): number {
  const left = numberOf(a)
  const right = numberOf(b)
  if (left !== undefined && right !== undefined) {
    const scale = Math.max(left.scale, right.scale)
    const x = left.unscaled * 10n ** BigInt(scale - left.scale)
    const y = right.unscaled * 10n ** BigInt(scale - right.scale)
    return x < y ? -1 : x > y ? 1 : 0
  }
  const x = textOf(a)
  const y = textOf(b)
  return x < y ? -1 : x > y ? 1 : 0
}

function numberOf(value: ColumnValue): ReturnType<typeof parseDecimal> {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string'
    ? parseDecimal(String(value))
    : undefined
}

function textOf(value: ColumnValue): string {
  return typeof value === 'string' ? value : formatValue(value)
}
