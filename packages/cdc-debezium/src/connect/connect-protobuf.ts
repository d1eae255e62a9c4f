import { UnsupportedError } from '@varve/base'
import {
  formatDecimal,
  decimalFromBytes,
  JsonNumber,
  findMessage,
  messageAt,
  messageChoices,
  messageFields,
  ProtobufDecodeError,
  protoWireType,
  type ProtoField,
  type ProtoFile,
  type ProtoKind,
  type ProtoReader,
  type ProtoScalar,
} from '@varve/serde'

import { daysFromCivil } from '../values/civil.ts'
import { connectSchema, type ConnectSchema, type ConnectType } from './connect-schema.ts'
import type { Raw, RawObject } from './raw.ts'

type Message = Extract<ProtoKind, { readonly kind: 'message' }>['type']
type Read = (reader: ProtoReader) => Raw

/** A message ready to be read. */
export interface ConnectMessage {
  readonly schema: ConnectSchema
  read(reader: ProtoReader): RawObject
}

interface Value {
  readonly schema: ConnectSchema
  readonly read: Read
  /** What an absent value is. */
  readonly initial: Raw
}

const MAX_DEPTH = 50
/** Messages may be used again and again: a schema that unfolds to more is refused. */
const MAX_FIELDS = 50_000
/** Length-delimited. */
const BYTES = 2
const BASE: { readonly [scalar in ProtoScalar]: ConnectType } = {
  double: 'double',
  float: 'float',
  int32: 'int32',
  sint32: 'int32',
  sfixed32: 'int32',
  uint32: 'int64',
  fixed32: 'int64',
  int64: 'int64',
  sint64: 'int64',
  sfixed64: 'int64',
  uint64: 'int64',
  fixed64: 'int64',
  bool: 'boolean',
  string: 'string',
  bytes: 'bytes',
}

/**
 * Reader of the message at a path of a file, with the Connect schema it stands for. Semantic names are not in Protobuf. Absent fields that do
 * not tell null from zero are zero.
 *
 * @throws UnsupportedError for a path that leads nowhere, and messages that contain themselves
 */
export function compileConnectMessage(file: ProtoFile, path: readonly number[]): ConnectMessage {
  const message = messageAt(file, path)
  if (message === undefined)
    throw new UnsupportedError(`the schema has no message ${path.join('.')}`)
  return compileMessage(message, 0, { fields: MAX_FIELDS })
}

/**
 * Reader of the message of a name, with or without the file's package; a nested one is found too.
 *
 * @throws UnsupportedError for a name that is not there
 */
export function compileNamedMessage(file: ProtoFile, name: string): ConnectMessage {
  const message = findMessage(file, name)
  if (message === undefined)
    throw new UnsupportedError(`the schema has no message ${name.slice(0, 200)}`)
  return compileMessage(message, 0, { fields: MAX_FIELDS })
}

function compileMessage(
  message: Message,
  depth: number,
  budget: { fields: number },
): ConnectMessage {
  const all = [
    ...messageFields(message),
    ...messageChoices(message).flatMap(({ fields }) => fields),
  ]
  budget.fields -= all.length
  if (depth > MAX_DEPTH || budget.fields < 0)
    throw new UnsupportedError(`message ${message.name} contains itself, or too much`)
  const members = all.map((declared) => {
    const field = asMap(declared)
    const value =
      field.entry === undefined
        ? compileKind(field.kind, depth, budget)
        : compileEntry(field.entry, depth, budget)
    return { field, value, absent: absentValue(field, value) }
  })
  const byNumber = new Map(members.map((member) => [member.field.number, member]))
  const fields = members.map(({ field, value }) => ({
    name: field.name,
    schema: !field.repeated
      ? field.presence
        ? { ...value.schema, optional: true }
        : value.schema
      : field.entry === undefined
        ? connectSchema('array', { optional: false, values: value.schema })
        : connectSchema('map', {
            optional: false,
            keys: value.schema.fields[0]?.schema,
            values: value.schema.fields[1]?.schema,
          }),
  }))
  return {
    schema: connectSchema('struct', { name: message.fullName.replace(/^\./, ''), fields }),
    read: (reader) => {
      const object = new Map<string, Raw>()
      for (const { field, absent } of members) object.set(field.name, field.repeated ? [] : absent)
      while (!reader.done) {
        const tag = reader.readTag()
        const member = byNumber.get(tag >>> 3)
        if (member === undefined) reader.skip(tag)
        else readField(reader, tag, member.field, member.value.read, object)
      }
      return object
    },
  }
}

/** Maps whose keys are not text are lists of messages called `…Entry`, of a key and a value. */
function asMap(field: ProtoField): ProtoField {
  if (!field.repeated || field.entry !== undefined || field.kind.kind !== 'message') return field
  const { type } = field.kind
  const [key, value, ...more] = messageFields(type)
  const isEntry =
    type.name.endsWith('Entry') &&
    key?.name === 'key' &&
    key.number === 1 &&
    value?.name === 'value' &&
    value.number === 2 &&
    more.length === 0 &&
    messageChoices(type).length === 0
  return isEntry ? { ...field, entry: { key, value } } : field
}

function readField(
  reader: ProtoReader,
  tag: number,
  field: ProtoField,
  read: Read,
  object: Map<string, Raw>,
): void {
  const wireType = field.entry === undefined ? protoWireType(field.kind) : BYTES
  const list = field.repeated ? (object.get(field.name) as Raw[]) : undefined
  if (list !== undefined && (tag & 7) === BYTES && wireType !== BYTES) {
    const packed = reader.readNested()
    while (!packed.done) list.push(read(packed))
    return
  }
  if ((tag & 7) !== wireType)
    throw new ProtobufDecodeError(`field ${field.number} has wire type ${tag & 7}`)
  if (list === undefined) object.set(field.name, read(reader))
  else list.push(read(reader))
}

function absentValue(field: ProtoField, value: Value): Raw {
  return field.presence ? null : value.initial
}

/** An entry of a map: read as a pair. */
function compileEntry(
  entry: NonNullable<ProtoField['entry']>,
  depth: number,
  budget: { fields: number },
): Value {
  const key = compileKind(entry.key.kind, depth, budget)
  const member = compileKind(entry.value.kind, depth, budget)
  return {
    schema: connectSchema('struct', {
      fields: [
        { name: 'key', schema: key.schema },
        { name: 'value', schema: member.schema },
      ],
    }),
    initial: null,
    read: (reader) => {
      const pair = new Map<string, Raw>([
        ['key', absentValue(entry.key, key)],
        ['value', absentValue(entry.value, member)],
      ])
      const nested = reader.readNested()
      while (!nested.done) {
        const tag = nested.readTag()
        if (tag >>> 3 === entry.key.number)
          readField(nested, tag, { ...entry.key, name: 'key' }, key.read, pair)
        else if (tag >>> 3 === entry.value.number)
          readField(nested, tag, { ...entry.value, name: 'value' }, member.read, pair)
        else nested.skip(tag)
      }
      return pair
    },
  }
}

function compileKind(kind: ProtoKind, depth: number, budget: { fields: number }): Value {
  switch (kind.kind) {
    case 'scalar':
      return scalarValue(kind.scalar)
    case 'enum':
      return {
        schema: connectSchema('string', { optional: false }),
        initial: kind.type.valuesById[0] ?? '0',
        read: (reader) => {
          const number = reader.readInt32()
          return kind.type.valuesById[number] ?? String(number)
        },
      }
    case 'wrapper': {
      const { schema, read, initial } = scalarValue(kind.scalar)
      const wireType = protoWireType({ kind: 'scalar', scalar: kind.scalar, initial: undefined })
      return {
        schema: { ...schema, optional: true },
        initial: null,
        read: (reader) => readOnly(reader.readNested(), wireType, read) ?? initial,
      }
    }
    case 'timestamp':
      return timeValue(
        'int64',
        'Timestamp',
        ([seconds = 0n, nanos = 0n]) => seconds * 1000n + nanos / 1_000_000n,
      )
    case 'date':
      return timeValue('int32', 'Date', ([year = 0n, month = 0n, day = 0n]) =>
        BigInt(daysFromCivil(Number(year), Number(month), Number(day))),
      )
    case 'time':
      return timeValue(
        'int32',
        'Time',
        ([hours = 0n, minutes = 0n, seconds = 0n, nanos = 0n]) =>
          ((hours * 60n + minutes) * 60n + seconds) * 1000n + nanos / 1_000_000n,
      )
    case 'decimal':
      return {
        schema: connectSchema('bytes', {
          name: 'org.apache.kafka.connect.data.Decimal',
          parameters: new Map(
            Object.entries({ scale: kind.scale, 'connect.decimal.precision': kind.precision })
              .filter(([, value]) => value !== undefined)
              .map(([name, value]) => [name, String(value)]),
          ),
        }),
        initial: null,
        read: (reader) => readDecimal(reader.readNested()),
      }
    case 'message': {
      const { schema, read } = compileMessage(kind.type, depth + 1, budget)
      return { schema, initial: null, read: (reader) => read(reader.readNested()) }
    }
  }
}

function scalarValue(scalar: ProtoScalar): Value {
  const type = BASE[scalar]
  const schema = connectSchema(type, { optional: false })
  switch (scalar) {
    case 'string':
      return { schema, initial: '', read: (reader) => reader.readString() }
    case 'bytes':
      return { schema, initial: new Uint8Array(), read: (reader) => reader.readBytes() }
    case 'bool':
      return { schema, initial: false, read: (reader) => reader.readBool() }
    case 'double':
      return { schema, initial: 0, read: (reader) => reader.readDouble() }
    case 'float':
      return { schema, initial: 0, read: (reader) => reader.readFloat() }
    case 'int32':
      return { schema, initial: 0, read: (reader) => reader.readInt32() }
    case 'sint32':
      return { schema, initial: 0, read: (reader) => reader.readSint32() }
    case 'sfixed32':
      return { schema, initial: 0, read: (reader) => reader.readSfixed32() }
    case 'uint32':
      return { schema, initial: 0, read: (reader) => reader.readUint32() }
    case 'fixed32':
      return { schema, initial: 0, read: (reader) => reader.readFixed32() }
    case 'int64':
    case 'uint64':
      return { schema, initial: 0, read: (reader) => reader.readInt64() }
    case 'sint64':
      return { schema, initial: 0, read: (reader) => reader.readSint64() }
    case 'fixed64':
    case 'sfixed64':
      return { schema, initial: 0, read: (reader) => reader.readFixed64() }
  }
}

/** The value of field 1, passing over the rest. */
function readOnly(reader: ProtoReader, wireType: number, read: Read): Raw | undefined {
  let value: Raw | undefined
  while (!reader.done) {
    const tag = reader.readTag()
    if (tag === ((1 << 3) | wireType)) value = read(reader)
    else reader.skip(tag)
  }
  return value
}

/** A message of integers, in one number. */
function timeValue(
  type: ConnectType,
  name: string,
  join: (parts: readonly (bigint | undefined)[]) => bigint,
): Value {
  return {
    schema: connectSchema(type, { name: `org.apache.kafka.connect.data.${name}` }),
    initial: null,
    read: (reader) => {
      const nested = reader.readNested()
      const parts: (bigint | undefined)[] = []
      while (!nested.done) {
        const tag = nested.readTag()
        const number = tag >>> 3
        if ((tag & 7) === 0 && number <= 4) parts[number - 1] = BigInt(nested.readInt64())
        else nested.skip(tag)
      }
      return join(parts)
    },
  }
}

/** `confluent.type.Decimal`: unscaled value, precision, scale. */
function readDecimal(reader: ProtoReader): Raw {
  let bytes: Uint8Array | undefined
  let scale = 0
  while (!reader.done) {
    const tag = reader.readTag()
    if (tag === ((1 << 3) | BYTES)) bytes = reader.readBytes()
    else if (tag === 3 << 3) scale = reader.readInt32()
    else reader.skip(tag)
  }
  if (Math.abs(scale) > 10_000) throw new ProtobufDecodeError(`a decimal of scale ${scale}`)
  const unscaled = bytes === undefined || bytes.length === 0 ? 0n : decimalFromBytes(bytes)
  return new JsonNumber(formatDecimal({ unscaled, scale }))
}
