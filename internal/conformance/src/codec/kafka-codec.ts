import { actualNull, type Actual } from '../compare/actual.ts'
import { parseExactDecimal } from '../compare/decimal.ts'
import { formatJson, JsonNumber, type Json } from '../json/json-value.ts'
import { javaDoubleText } from './java-double.ts'
import { CodecError, decodeText, encodeText, type SideCodec } from './side-codec.ts'

/** Serialisers of Kafka's clients, by the type of the only column. `undefined`: no column, text as it is. */
export function kafkaCodec(columnKind: string | undefined): SideCodec {
  return {
    encode: (value) => (value === null ? null : encode(columnKind ?? 'STRING', value)),
    decode: (bytes) => (bytes === null ? actualNull : decode(columnKind ?? 'STRING', bytes)),
  }
}

function encode(kind: string, json: Json): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  switch (kind) {
    case 'INTEGER':
      view.setInt32(0, Number(integerOf(json)))
      return bytes.subarray(0, 4)
    case 'BIGINT':
      view.setBigInt64(0, integerOf(json))
      return bytes
    case 'DOUBLE':
      if (!(json instanceof JsonNumber)) throw new CodecError(`no number: ${formatJson(json)}`)
      view.setFloat64(0, Number(json.text))
      return bytes
    case 'STRING':
    case 'BYTES':
      return encodeText(typeof json === 'string' ? json : formatJson(json))
    default:
      throw new CodecError(`format KAFKA cannot hold ${kind}`)
  }
}

function integerOf(json: Json): bigint {
  if (!(json instanceof JsonNumber)) throw new CodecError(`no number: ${formatJson(json)}`)
  return json.fractional ? BigInt(Math.trunc(Number(json.text))) : BigInt(json.text)
}

function decode(kind: string, bytes: Uint8Array): Actual {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const need = (length: number): void => {
    if (bytes.length !== length)
      throw new CodecError(`${kind} has ${length} bytes, not ${bytes.length}`)
  }
  switch (kind) {
    case 'INTEGER':
      need(4)
      return { kind: 'int32', value: BigInt(view.getInt32(0)) }
    case 'BIGINT':
      need(8)
      return { kind: 'int64', value: view.getBigInt64(0) }
    case 'DOUBLE': {
      need(8)
      const number = view.getFloat64(0)
      const decimal = parseExactDecimal(javaDoubleText(number))
      return decimal === undefined
        ? { kind: 'double', value: number }
        : { kind: 'decimal', value: decimal }
    }
    case 'STRING':
    case 'BYTES':
      return { kind: 'string', value: decodeText(bytes) }
    default:
      throw new CodecError(`format KAFKA cannot hold ${kind}`)
  }
}
