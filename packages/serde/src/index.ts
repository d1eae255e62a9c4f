/**
 * SQL types, schemas and rows; JSON, Avro, delimited and Kafka serdes; schema-registry client.
 *
 * @packageDocumentation
 */
export {
  SqlTypes,
  sqlTypesEqual,
  type PrimitiveKind,
  type SqlType,
  type StructField,
} from './sql-type.ts'
export type { Decimal, Row, Value } from './value.ts'
export type { Column, Columns, FormatName, FormatSpec } from './schema.ts'
export type { RowSerde } from './serde.ts'
