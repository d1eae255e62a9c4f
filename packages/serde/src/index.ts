/**
 * SQL types, schemas and rows; JSON, Avro, Protobuf, delimited and Kafka serdes; schema-registry client.
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
export { formatSqlType, parseSqlType, primitiveKindOf, quoteIdentifier } from './sql-type-text.ts'
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
export type { Column, Columns, FormatName, FormatSpec, ProtobufNullable } from './schema.ts'
export type { RowSerde } from './serde.ts'
export { createRowSerde } from './create-row-serde.ts'
export type { RowSerdeContext } from './row-serde-context.ts'
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
export {
  SchemaRegistryClient,
  type SchemaRegistryClientOptions,
} from './registry/schema-registry-client.ts'
export {
  InMemorySchemaRegistry,
  type InMemorySchemaRegistryOptions,
  type SchemaRegistryEvent,
  type SchemaRegistryJournal,
} from './registry/in-memory-schema-registry.ts'
export { FRAME_SIZE, frameHeader, frameSchemaId } from './registry/frame.ts'
export {
  loadAvroSchema,
  resolveReferences,
  type ResolvedReference,
} from './registry/resolve-references.ts'
export {
  avroLogicalType,
  avroMapEntry,
  parseAvroSchema,
  type AvroField,
  type AvroLogicalType,
  type AvroPrimitive,
  type AvroProperties,
  type AvroSchema,
} from './avro/avro-schema.ts'
export {
  AvroDecodeError,
  AvroReader,
  AvroWriter,
  StringMemory,
  type AvroFault,
} from './avro/avro-bytes.ts'
export { decodeAvro, type AvroValue } from './avro/avro-value.ts'
export type { ColumnInferenceOptions, InferredColumns } from './inference.ts'
export { columnsFromAvroSchema } from './avro/avro-columns.ts'
export { columnsFromJsonSchema } from './json/json-schema-columns.ts'
export { avroSchemaFromColumns, type AvroSchemaOptions } from './avro/avro-schema-writer.ts'
export {
  columnsFromProtobufSchema,
  type ProtobufInferenceOptions,
} from './protobuf/proto-columns.ts'
export {
  protobufSchemaFromColumns,
  type ProtobufSchemaOptions,
} from './protobuf/proto-schema-writer.ts'
export { messageAt, readMessagePath } from './protobuf/proto-frame.ts'
export { wireTypeOf as protoWireType } from './protobuf/proto-row-reader.ts'
export {
  findMessage,
  messageChoices,
  messageFields,
  parseProtoFile,
  type ProtoField,
  type ProtoFile,
  type ProtoKind,
  type ProtoScalar,
} from './protobuf/proto-schema.ts'
export { ProtobufDecodeError, ProtoReader } from './protobuf/proto-wire.ts'
export {
  formatLosslessJson,
  JsonNumber,
  parseLosslessJson,
  type LosslessJson,
  type LosslessJsonOptions,
} from './json/lossless-json.ts'
export { createOrderedKeyCodec, keyAfterPrefix, type OrderedKeyCodec } from './state/ordered-key.ts'
export { createStateRowCodec, type StateRowCodec } from './state/state-row.ts'
export { objectToRow, rowToObject, type RowObject } from './row-object.ts'
export { javaHashOrder } from './text/java-hash.ts'
export { formatDouble, parseDouble, parseInt32 } from './text/double-text.ts'
export { formatBase64, parseBase64 } from './text/bytes-text.ts'
