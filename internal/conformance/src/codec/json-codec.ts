import { actualNull, type Actual } from '../compare/actual.ts'
import { parseExactDecimal } from '../compare/decimal.ts'
import { formatJson, isArray, JsonNumber, type Json, type JsonObject } from '../json/json-value.ts'
import { parseJson } from '../json/parse-json.ts'
import { CodecError, decodeText, encodeText, type SideCodec } from './side-codec.ts'

/** JSON text. `exactNumbers` false: fractions are doubles rather than decimals. */
export function jsonCodec(exactNumbers: boolean): SideCodec {
  return {
    encode: (value) => (value === null ? null : encodeText(formatJson(value))),
    decode(bytes) {
      if (bytes === null) return actualNull
      const text = decodeText(bytes)
      try {
        return actualOfJson(parseJson(text), exactNumbers)
      } catch (cause) {
        throw new CodecError(`not JSON: ${text.slice(0, 200)}`, { cause })
      }
    },
  }
}

/** A parsed value with the kinds that a reader without schema gives it. */
function actualOfJson(json: Json, exactNumbers: boolean): Actual {
  if (json === null) return actualNull
  if (typeof json === 'boolean') return { kind: 'boolean', value: json }
  if (typeof json === 'string') return { kind: 'string', value: json }
  if (json instanceof JsonNumber) return actualOfNumber(json, exactNumbers)
  if (isArray(json)) {
    return { kind: 'list', value: json.map((item) => actualOfJson(item, exactNumbers)) }
  }
  return {
    kind: 'map',
    value: new Map(
      Array.from((json as JsonObject).members, ([name, value]) => [
        name,
        actualOfJson(value, exactNumbers),
      ]),
    ),
  }
}

function actualOfNumber(json: JsonNumber, exactNumbers: boolean): Actual {
  if (json.fractional) {
    return exactNumbers
      ? { kind: 'decimal', value: parseExactDecimal(json.text)! }
      : { kind: 'double', value: Number(json.text) }
  }
  const value = BigInt(json.text)
  if (BigInt.asIntN(32, value) === value) return { kind: 'int32', value }
  return { kind: BigInt.asIntN(64, value) === value ? 'int64' : 'bigint', value }
}
