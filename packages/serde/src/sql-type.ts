/** Base kinds without parameters. */
export type PrimitiveKind =
  'BOOLEAN' | 'INTEGER' | 'BIGINT' | 'DOUBLE' | 'STRING' | 'BYTES' | 'TIME' | 'DATE' | 'TIMESTAMP'

/** A logical type of the SQL dialect. Plain data, compared structurally ({@link sqlTypesEqual}). */
export type SqlType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'DECIMAL'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'ARRAY'; readonly element: SqlType }
  | { readonly kind: 'MAP'; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: 'STRUCT'; readonly fields: readonly StructField[] }

/** A field of a STRUCT; names keep their case. */
export interface StructField {
  readonly name: string
  readonly type: SqlType
}

/** The parameterless types, one object each. */
export const SqlTypes: { readonly [K in PrimitiveKind]: { readonly kind: K } } = {
  BOOLEAN: { kind: 'BOOLEAN' },
  INTEGER: { kind: 'INTEGER' },
  BIGINT: { kind: 'BIGINT' },
  DOUBLE: { kind: 'DOUBLE' },
  STRING: { kind: 'STRING' },
  BYTES: { kind: 'BYTES' },
  TIME: { kind: 'TIME' },
  DATE: { kind: 'DATE' },
  TIMESTAMP: { kind: 'TIMESTAMP' },
}

/** Whether both types are the same, field names included. */
export function sqlTypesEqual(a: SqlType, b: SqlType): boolean {
  if (a.kind !== b.kind) return false
  switch (a.kind) {
    case 'DECIMAL':
      return b.kind === 'DECIMAL' && a.precision === b.precision && a.scale === b.scale
    case 'ARRAY':
      return b.kind === 'ARRAY' && sqlTypesEqual(a.element, b.element)
    case 'MAP':
      return b.kind === 'MAP' && sqlTypesEqual(a.key, b.key) && sqlTypesEqual(a.value, b.value)
    case 'STRUCT':
      return (
        b.kind === 'STRUCT' &&
        a.fields.length === b.fields.length &&
        a.fields.every(
          (field, i) =>
            field.name === b.fields[i]!.name && sqlTypesEqual(field.type, b.fields[i]!.type),
        )
      )
    default:
      return true
  }
}
