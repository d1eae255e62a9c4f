import {
  compareDecimal,
  decimalFromInteger,
  decimalFromNumber,
  type Decimal,
  type Int64,
  type SqlType,
  type Value,
} from '@varve/serde'

/** Negative, zero or positive. Values are not null. */
export type CompareFunction = (a: NonNullable<Value>, b: NonNullable<Value>) => number

/** The order of two types that compare: numbers with numbers, by value; the rest with their own kind. */
export function comparator(a: SqlType, b: SqlType): CompareFunction {
  if (a.kind === 'DECIMAL' || b.kind === 'DECIMAL') {
    const left = asDecimal(a)
    const right = asDecimal(b)
    return (x, y) => compareDecimal(left(x), right(y))
  }
  switch (a.kind) {
    case 'BYTES':
      return (x, y) => compareBytes(x as Uint8Array, y as Uint8Array)
    case 'BOOLEAN':
      return (x, y) => Number(x) - Number(y)
    case 'ARRAY':
    case 'MAP':
    case 'STRUCT':
      return (x, y) => (valuesEqual(x, y) ? 0 : 1)
    default:
      // Numbers compare exactly with bigints, texts by UTF-16 units as in Java.
      return (x, y) => (x < y ? -1 : x > y ? 1 : 0)
  }
}

function asDecimal(type: SqlType): (value: NonNullable<Value>) => Decimal {
  switch (type.kind) {
    case 'DECIMAL':
      return (value) => value as Decimal
    case 'DOUBLE':
      return (value) => {
        const decimal = decimalFromNumber(value as number)
        if (decimal === undefined) throw new RangeError(`${String(value)} is no decimal number`)
        return decimal
      }
    default:
      return (value) => decimalFromInteger(value as Int64)
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Deep equality of values of one type, nulls included. */
export function valuesEqual(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') {
    return typeof a === 'number' && typeof b === 'number' && Number.isNaN(a) && Number.isNaN(b)
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item: Value, i) => valuesEqual(item, (b as readonly Value[])[i]!))
    )
  }
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false
    for (const [key, value] of a as Map<Value, Value>) {
      if (!b.has(key) || !valuesEqual(value, (b as Map<Value, Value>).get(key) ?? null)) {
        return false
      }
    }
    return true
  }
  return 'unscaled' in a && 'unscaled' in b && compareDecimal(a, b) === 0
}
