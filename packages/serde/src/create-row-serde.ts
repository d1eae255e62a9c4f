import { createAvroSerde } from './avro/avro-serde.ts'
import { createChangeEventSerde } from './change-event-serde.ts'
import { createDelimitedSerde } from './delimited/delimited-serde.ts'
import { createJsonSerde } from './json/json-serde.ts'
import { createJsonSrSerde } from './json/json-sr-serde.ts'
import { createKafkaSerde } from './kafka/kafka-serde.ts'
import { createNoneSerde } from './none-serde.ts'
import { createBareProtobufSerde, createProtobufSerde } from './protobuf/proto-serde.ts'
import type { RowSerdeContext } from './row-serde-context.ts'
import type { Columns, FormatSpec } from './schema.ts'
import type { RowSerde } from './serde.ts'

/**
 * The serde of one side of a topic.
 *
 * @throws UnsupportedError when the format cannot hold these columns
 * @throws InvalidOptionError when a format with schemas gets no registry, or properties contradict each other
 */
export function createRowSerde(
  spec: FormatSpec,
  columns: Columns,
  context: RowSerdeContext,
): RowSerde {
  switch (spec.format) {
    case 'JSON':
      return createJsonSerde(spec, columns, context)
    case 'KAFKA':
      return createKafkaSerde(columns, context)
    case 'DELIMITED':
      return createDelimitedSerde(spec, columns, context)
    case 'NONE':
      return createNoneSerde(columns)
    case 'AVRO':
      return createAvroSerde(spec, columns, context)
    case 'JSON_SR':
      return createJsonSrSerde(spec, columns, context)
    case 'PROTOBUF':
      return createProtobufSerde(spec, columns, context)
    case 'PROTOBUF_NOSR':
      return createBareProtobufSerde(spec, columns, context)
    case 'DEBEZIUM_JSON':
    case 'DEBEZIUM_AVRO':
      return createChangeEventSerde(spec.format)
  }
}
