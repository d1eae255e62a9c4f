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
export { formatSqlType, parseSqlType, quoteIdentifier } from './sql-type-text.ts'
export type { Decimal, Row, Value } from './value.ts'
export {
  addInt64,
  compareInt64,
  divideInt64,
  int64FromBigInt,
  int64FromHalves,
  int64FromNumber,
  multiplyInt64,
  negateInt64,
  parseInt64,
  readInt64,
  remainderInt64,
  subtractInt64,
  writeInt64,
  type Int64,
} from './bigint64.ts'
export {
  addDecimal,
  compareDecimal,
  decimalFits,
  decimalFromBytes,
  decimalFromInteger,
  decimalFromNumber,
  decimalPrecision,
  decimalToBytes,
  decimalToNumber,
  divideDecimal,
  fitDecimal,
  formatDecimal,
  multiplyDecimal,
  negateDecimal,
  parseDecimal,
  powerOfTen,
  remainderDecimal,
  requireDecimal,
  rescaleDecimal,
  subtractDecimal,
  type DecimalRounding,
} from './decimal.ts'
export type { Column, Columns, FormatName, FormatSpec } from './schema.ts'
export type { RowSerde } from './serde.ts'
export { createRowSerde, type RowSerdeContext } from './create-row-serde.ts'
export { SchemaNotLoadedError, SchemaRegistryError } from './errors.ts'
export type {
  CompatibilityLevel,
  RegisteredSchema,
  SchemaDefinition,
  SchemaReference,
  SchemaRegistry,
  SchemaType,
  SubjectVersion,
} from './registry/schema-registry.ts'
