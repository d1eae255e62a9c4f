import type { Columns, FormatSpec } from '@varve/serde'
import type { WindowInfo } from '@varve/sql'

import type { Actual } from '../compare/actual.ts'
import type { CaseRecord } from '../suite/case.ts'
import { avroCodec } from './avro-codec.ts'
import { delimitedCodec } from './delimited-codec.ts'
import { jsonCodec } from './json-codec.ts'
import { jsonSrCodec } from './json-sr-codec.ts'
import { kafkaCodec } from './kafka-codec.ts'
import { noneCodec } from './none-codec.ts'
import { bareProtobufCodec, protobufCodec } from './protobuf-codec.ts'
import type { SchemaSource } from './schema-source.ts'
import { CodecError, type SideCodec } from './side-codec.ts'
import { decodeWindowedKey, encodeWindowedKey, type KeyWindow } from './windowed-key.ts'

/** How the records of a topic are written. A source of the catalog is one. */
export interface TopicFormat {
  readonly keyFormat: FormatSpec
  readonly valueFormat: FormatSpec
  readonly keyColumns: Columns
  readonly valueColumns: Columns
  readonly window?: WindowInfo
}

/** What is known of a topic: the source defined over it gives formats, columns and windows. */
export interface TopicCodecOptions {
  readonly topic: string
  readonly source: TopicFormat | undefined
  readonly schemas: SchemaSource
  readonly exactNumbers: boolean
}

/** Both sides of a topic. */
export class TopicCodec {
  readonly #key: SideCodec
  readonly #value: SideCodec
  readonly #window: KeyWindow | undefined

  constructor(options: TopicCodecOptions) {
    const { source } = options
    this.#key = sideCodec(
      'key',
      source?.keyFormat ?? { format: 'KAFKA' },
      source?.keyColumns ?? [],
      options,
    )
    this.#value = sideCodec(
      'value',
      source?.valueFormat ?? { format: 'JSON' },
      source?.valueColumns ?? [],
      options,
    )
    this.#window = windowOf(source)
  }

  encodeKey({ key, window }: CaseRecord): Uint8Array | null {
    const bytes = this.#key.encode(key)
    return window === undefined ? bytes : encodeWindowedKey(bytes, window)
  }

  encodeValue({ value }: CaseRecord): Uint8Array | null {
    return this.#value.encode(value)
  }

  decodeKey(bytes: Uint8Array | null): Actual {
    return this.#window === undefined
      ? this.#key.decode(bytes)
      : decodeWindowedKey(this.#key, bytes, this.#window)
  }

  decodeValue(bytes: Uint8Array | null): Actual {
    return this.#value.decode(bytes)
  }
}

function windowOf(source: TopicFormat | undefined): KeyWindow | undefined {
  if (source?.window === undefined) return undefined
  return source.window.type === 'SESSION'
    ? { type: 'session' }
    : { type: 'time', sizeMs: source.window.sizeMs }
}

function sideCodec(
  side: 'key' | 'value',
  { format, schemaFullName, nullable }: FormatSpec,
  columns: Columns,
  { topic, schemas, exactNumbers }: TopicCodecOptions,
): SideCodec {
  switch (format) {
    case 'JSON':
      return jsonCodec(exactNumbers)
    case 'AVRO':
      return avroCodec(`${topic}-${side}`, schemas)
    case 'JSON_SR':
      return jsonSrCodec(`${topic}-${side}`, schemas)
    case 'DELIMITED':
      return delimitedCodec
    case 'KAFKA':
      return kafkaCodec(columns[0]?.type.kind)
    case 'NONE':
      return noneCodec
    case 'PROTOBUF':
      return protobufCodec(`${topic}-${side}`, schemas, schemaFullName)
    case 'PROTOBUF_NOSR':
      return bareProtobufCodec(columns, nullable)
    default:
      throw new CodecError(`the cases know no format ${format}`)
  }
}
