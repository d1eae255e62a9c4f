import type { SchemaRegistry } from './registry/schema-registry.ts'

/** Where a serde stands: which side of which topic. */
export interface RowSerdeContext {
  readonly side: 'key' | 'value'
  /** Names the registry subject `<topic>-<side>`, and the topic in errors. */
  readonly topic: string
  /** Needed by AVRO, JSON_SR and PROTOBUF. */
  readonly registry?: SchemaRegistry
  /** Names the Avro record of a key (`<SourceNameInCamelCase>Key`). Default: the topic. */
  readonly sourceName?: string
}
