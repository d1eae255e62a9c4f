/** An exact decimal: `unscaled × 10^-scale`. */
export interface Decimal {
  readonly unscaled: bigint
  readonly scale: number
}

/**
 * A value of a {@link SqlType} at run time.
 *
 * | type | value |
 * |---|---|
 * | BOOLEAN | boolean |
 * | INTEGER, DOUBLE | number |
 * | BIGINT | number while it is a safe integer, bigint beyond: always this canonical form |
 * | DECIMAL | {@link Decimal} |
 * | STRING | string |
 * | BYTES | Uint8Array |
 * | TIME, DATE, TIMESTAMP | number: milliseconds of the day, days since the epoch, milliseconds since the epoch |
 * | ARRAY | array of values |
 * | MAP | `Map` of values |
 * | STRUCT | array of values in field order |
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Decimal
  | readonly Value[]
  | ReadonlyMap<Value, Value>

/** Values in the order of the schema's columns. Not shared after it is handed on; never written to then. */
export type Row = readonly Value[]
