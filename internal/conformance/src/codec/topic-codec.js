import { avroCodec } from './avro-codec.ts'
import { delimitedCodec } from './delimited-codec.ts'
import { jsonCodec } from './json-codec.ts'
import { jsonSrCodec } from './json-sr-codec.ts'
import { kafkaCodec } from './kafka-codec.ts'
import { noneCodec } from './none-codec.ts'
import { CodecError } from './side-codec.ts'
import { decodeWindowedKey, encodeWindowedKey } from './windowed-key.ts'
/** Both sides of a topic. */
export class TopicCodec {
  #key
  #value
  #window
  constructor(options) {
    const { source } = options
    this.#key = sideCodec(
      'key',
      source?.keyFormat.format ?? 'KAFKA',
      source?.keyColumns ?? [],
      options,
    )
    this.#value = sideCodec(
      'value',
      source?.valueFormat.format ?? 'JSON',
      source?.valueColumns ?? [],
      options,
    )
    this.#window = windowOf(source)
  }
  encodeKey({ key, window }) {
    const bytes = this.#key.encode(key)
    return window === undefined ? bytes : encodeWindowedKey(bytes, window)
  }
  encodeValue({ value }) {
    return this.#value.encode(value)
  }
  decodeKey(bytes) {
    return this.#window === undefined
      ? this.#key.decode(bytes)
      : decodeWindowedKey(this.#key, bytes, this.#window)
  }
  decodeValue(bytes) {
    return this.#value.decode(bytes)
  }
}
function windowOf(source) {
  if (source?.window === undefined) return undefined
  return source.window.type === 'SESSION'
    ? { type: 'session' }
    : { type: 'time', sizeMs: source.window.sizeMs }
}
function sideCodec(side, format, columns, { topic, schemas, exactNumbers }) {
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
    case 'PROTOBUF_NOSR':
      throw new CodecError(`the runner cannot read or write ${format} yet`)
  }
}
