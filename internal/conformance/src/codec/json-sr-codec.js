import { actualNull } from '../compare/actual.ts'
import { parseExactDecimal } from '../compare/decimal.ts'
import { formatJson, isArray, JsonNumber, JsonObject } from '../json/json-value.ts'
import { parseJson } from '../json/parse-json.ts'
import { frame, unframe } from './schema-source.ts'
import { CodecError, concatBytes, decodeText, encodeText } from './side-codec.ts'
/** JSON behind a schema id; the schema gives the types, in Kafka Connect's annotations. */
export function jsonSrCodec(subject, schemas) {
  return {
    encode(value) {
      if (value === null) return null
      const latest = schemas.latest(subject)
      const text = formatJson(toSchema(value, jsonSchemaOf(latest)))
      return concatBytes([Uint8Array.from(frame(latest.id)), encodeText(text)])
    },
    decode(bytes) {
      if (bytes === null) return actualNull
      const { id, payload } = unframe(bytes)
      return fromSchema(parseJson(decodeText(payload)), jsonSchemaOf(schemas.byId(id)))
    },
  }
}
function jsonSchemaOf({ type, schema }) {
  if (type !== 'JSON') throw new CodecError(`the schema is of type ${type}, not JSON`)
  return schema
}
/** The one schema beside `null` in a `oneOf`. */
function present(schema) {
  if (!(schema instanceof JsonObject)) return new JsonObject(new Map())
  const choices = schema.get('oneOf')
  if (!isArray(choices)) return schema
  return present(
    choices.find((choice) => choice instanceof JsonObject && choice.get('type') !== 'null'),
  )
}
/** Member names as the schema writes them; members that it does not know are left out. */
function toSchema(value, given) {
  const schema = present(given)
  if (isArray(value)) return value.map((item) => toSchema(item, schema.get('items')))
  if (!(value instanceof JsonObject)) return value
  const properties = schema.get('properties')
  if (!(properties instanceof JsonObject)) {
    return mapMembers(value, (item) => toSchema(item, schema.get('additionalProperties')))
  }
  const byName = new Map(Array.from(value.members, ([name, item]) => [name.toUpperCase(), item]))
  const members = new Map()
  for (const [name, property] of properties.members) {
    const item = value.get(name) ?? byName.get(name.toUpperCase()) ?? null
    members.set(name, toSchema(item, property))
  }
  return new JsonObject(members)
}
function mapMembers(object, map) {
  return new JsonObject(new Map(Array.from(object.members, ([name, item]) => [name, map(item)])))
}
function fromSchema(value, given) {
  if (value === null) return actualNull
  const schema = present(given)
  if (typeof value === 'boolean') return { kind: 'boolean', value }
  if (typeof value === 'string') {
    return { kind: schema.get('connect.type') === 'bytes' ? 'bytes' : 'string', value }
  }
  if (value instanceof JsonNumber) return numberFrom(value, schema)
  if (isArray(value)) {
    return { kind: 'list', value: value.map((item) => fromSchema(item, schema.get('items'))) }
  }
  const object = value
  const properties = schema.get('properties')
  if (!(properties instanceof JsonObject)) {
    const items = schema.get('additionalProperties')
    return {
      kind: 'map',
      value: new Map(Array.from(object.members, ([name, item]) => [name, fromSchema(item, items)])),
    }
  }
  return {
    kind: 'map',
    value: new Map(
      Array.from(properties.members, ([name, property]) => [
        name,
        fromSchema(object.get(name) ?? null, property),
      ]),
    ),
  }
}
function numberFrom(value, schema) {
  switch (schema.get('connect.type')) {
    case 'int8':
    case 'int16':
    case 'int32':
      return { kind: 'int32', value: wholeOf(value) }
    case 'int64':
      return { kind: 'int64', value: wholeOf(value) }
    case 'bytes':
      return { kind: 'decimal', value: atScale(value, schema) }
    case 'float32':
      return { kind: 'float', value: Number(value.text) }
    default:
      return schema.get('type') === 'integer'
        ? { kind: 'int64', value: wholeOf(value) }
        : { kind: 'double', value: Number(value.text) }
  }
}
function wholeOf(value) {
  if (value.fractional) throw new CodecError(`no integer: ${value.text}`)
  return BigInt(value.text)
}
/** JSON numbers carry no scale: the schema's holds. */
function atScale(value, schema) {
  const parameters = schema.get('connect.parameters')
  const text = parameters instanceof JsonObject ? parameters.get('scale') : undefined
  const scale = Number(typeof text === 'string' ? text : 0)
  const decimal = parseExactDecimal(value.text)
  if (decimal.scale > scale) {
    throw new CodecError(`${value.text} has more digits than scale ${scale}`)
  }
  return { unscaled: decimal.unscaled * 10n ** BigInt(scale - decimal.scale), scale }
}
