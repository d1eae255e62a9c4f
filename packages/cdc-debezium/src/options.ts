import type { ColumnHint } from './column-hint.ts'

/** What a decoder is told of a topic because its events do not say it. */
export interface ChangeDecoderOptions {
  /** How keys and values are written. Default: told from the bytes of each. */
  readonly format?: 'json' | 'avro'
  /** Types of row columns (not of key columns) where the events carry no schema, or say less. */
  readonly columns?: { readonly [column: string]: ColumnHint }
  /**
   * Connector of topics whose records do not name it (transaction boundaries, tombstones). Default: that of rows with the same topic prefix, if
   * the same decoder saw such.
   */
  readonly connector?: string
  /** Names for the value of a key that is no struct. */
  readonly keyColumns?: readonly string[]
  /** Rows without any mark of a change are upserts; otherwise they are of kind `raw`. Default false. */
  readonly plainRows?: boolean
  /** What the names of fields begin with that flattening added (`add.fields.prefix`, and `add.headers.prefix` of headers). Default `__`. */
  readonly addedFieldsPrefix?: string
  /** `outbox`: the topic holds events of the outbox router, which nothing in them tells. */
  readonly shape?: 'outbox'
  /** The connector's `unavailable.value.placeholder`, `hex:…` included; false to take every value as it is. */
  readonly unavailableValuePlaceholder?: string | false
  /**
   * Whether `before` holds every column of the old row (`REPLICA IDENTITY FULL`, full row images). Default: as far as it is sure for the connector;
   * `beforeTrusted` then has the key columns alone.
   */
  readonly beforeIsComplete?: boolean
  /** Encoding of the content of logical messages in JSON. Default base64. */
  readonly messageContentEncoding?: 'base64' | 'base64url' | 'hex'
  /** Whether Apicurio's Protobuf payloads begin with a message that names their type. Default false. */
  readonly apicurioProtobufRef?: boolean
  /** Width of schema ids in front of payloads: Confluent's 4 bytes, or by looking, as Apicurio's 8-byte ids need. Default `confluent`. */
  readonly framing?: 'confluent' | 'apicurio-auto'
}
