import type { SqlType } from '@varve/serde'

/** A type as ksqlDB's resources print it. */
export interface SchemaInfo {
  readonly type: string
  readonly fields: readonly FieldInfo[] | null
  readonly memberSchema: SchemaInfo | null
  readonly parameters?: { readonly precision: number; readonly scale: number }
}

/** A column as ksqlDB's resources print it. */
export interface FieldInfo {
  readonly name: string
  readonly schema: SchemaInfo
  /** Absent for value columns. */
  readonly type?: 'KEY' | 'HEADER'
  readonly headerKey?: string
}

/** The resource form of a type. */
export function toSchemaInfo(type: SqlType): SchemaInfo {
  switch (type.kind) {
    case 'ARRAY':
      return { type: 'ARRAY', fields: null, memberSchema: toSchemaInfo(type.element) }
    case 'MAP':
      return { type: 'MAP', fields: null, memberSchema: toSchemaInfo(type.value) }
    case 'STRUCT':
      return {
        type: 'STRUCT',
        fields: type.fields.map((field) => ({
          name: field.name,
          schema: toSchemaInfo(field.type),
        })),
        memberSchema: null,
      }
    case 'DECIMAL':
      return {
        type: 'DECIMAL',
        fields: null,
        memberSchema: null,
        parameters: { precision: type.precision, scale: type.scale },
      }
    default:
      return { type: type.kind, fields: null, memberSchema: null }
  }
}
