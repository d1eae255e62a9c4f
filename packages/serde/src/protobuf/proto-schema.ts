import { DeserializationError } from '@varve/base'
import protobuf from 'protobufjs'

import type { ResolvedReference } from '../registry/resolve-references.ts'
import { knownProtoFile } from './known-types.ts'

/** Types whose values are single bytes or numbers on the wire. */
export type ProtoScalar =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes'

/** What a field, an element or a map's value is. */
export type ProtoKind =
  | { readonly kind: 'scalar'; readonly scalar: ProtoScalar; readonly initial: unknown }
  | { readonly kind: 'enum'; readonly type: protobuf.Enum }
  /** One of `google.protobuf`'s messages around a scalar: null when absent. */
  | { readonly kind: 'wrapper'; readonly scalar: ProtoScalar }
  | { readonly kind: 'timestamp' | 'date' | 'time' }
  /** `confluent.type.Decimal`; the scale and precision of its field, where the schema gives them. */
  | {
      readonly kind: 'decimal'
      readonly precision: number | undefined
      readonly scale: number | undefined
    }
  | { readonly kind: 'message'; readonly type: protobuf.Type }

/** A field as far as rows care. */
export interface ProtoField {
  readonly name: string
  readonly number: number
  readonly kind: ProtoKind
  readonly repeated: boolean
  /** Scalars in a repeated field share one length. */
  readonly packed: boolean
  /** Absent is different from the initial value: proto3's `optional`, and members of a oneof. */
  readonly presence: boolean
  /** A map: key and value of its entries. `repeated` is true then. */
  readonly entry: { readonly key: ProtoField; readonly value: ProtoField } | undefined
}

/** A .proto file with all it refers to. */
export interface ProtoFile {
  /** Messages at the top of the file, in its order. */
  readonly messages: readonly protobuf.Type[]
  readonly packageName: string
}

/** Longest text of a schema that is parsed. */
const MAX_SCHEMA_LENGTH = 10_000_000

/**
 * Reads the text of a .proto file, with references under the names its imports use. Google's and Confluent's own types are known.
 *
 * @throws DeserializationError when the text is no .proto file, or refers to a type that is nowhere
 */
export function parseProtoFile(
  text: string,
  references: readonly ResolvedReference[] = [],
): ProtoFile {
  const root = new protobuf.Root()
  const texts = new Map(references.map(({ name, schema }) => [name, schema]))
  const seen = new Set<string>()
  const load = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const found = texts.get(name) ?? knownProtoFile(name)
    if (found !== undefined) for (const next of parseText(found, root).imports) load(next)
  }
  try {
    const { packageName, imports } = parseText(text, root)
    const scope = packageName === '' ? root : root.lookup(packageName)
    const messages =
      scope instanceof protobuf.Namespace
        ? scope.nestedArray.filter((nested) => nested instanceof protobuf.Type)
        : []
    for (const name of imports) load(name)
    root.resolveAll()
    return { messages, packageName }
  } catch (cause) {
    if (cause instanceof DeserializationError) throw cause
    throw new DeserializationError(`invalid Protobuf schema: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function parseText(
  text: string,
  root: protobuf.Root,
): { readonly packageName: string; readonly imports: readonly string[] } {
  if (text.length > MAX_SCHEMA_LENGTH)
    throw new DeserializationError('the Protobuf schema is too long')
  const parsed = protobuf.parse(text, root, { keepCase: true })
  return {
    packageName: parsed.package ?? '',
    imports: [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])],
  }
}

/** The message of a name, with or without package; the first of the file for no name. Undefined when there is none. */
export function findMessage(
  file: ProtoFile,
  fullName: string | undefined,
): protobuf.Type | undefined {
  if (fullName === undefined) return file.messages[0]
  const find = (types: readonly protobuf.Type[], prefix: string): protobuf.Type | undefined => {
    for (const type of types) {
      const name = `${prefix}${type.name}`
      if (name === fullName || plainName(type) === fullName) return type
      const nested = find(nestedMessages(type), `${name}.`)
      if (nested !== undefined) return nested
    }
    return undefined
  }
  return find(file.messages, '')
}

/** Messages declared within a message, in its order. */
export function nestedMessages(type: protobuf.Type): readonly protobuf.Type[] {
  return type.nestedArray.filter((nested) => nested instanceof protobuf.Type)
}

/** Fields outside of oneofs (those that `optional` stands for aside), by number of declaration. */
export function messageFields(type: protobuf.Type): readonly ProtoField[] {
  return type.fieldsArray.filter((field) => realOneOf(field) === undefined).map(protoField)
}

/** Choices of a message with their members. */
export function messageChoices(
  type: protobuf.Type,
): readonly { readonly name: string; readonly fields: readonly ProtoField[] }[] {
  return type.oneofsArray
    .filter((oneof) => oneof.fieldsArray.some((field) => realOneOf(field) !== undefined))
    .map((oneof) => ({ name: oneof.name, fields: oneof.fieldsArray.map(protoField) }))
}

function realOneOf(field: protobuf.Field): protobuf.OneOf | undefined {
  const oneof = field.partOf
  return oneof === null || oneof === undefined || field.options?.['proto3_optional'] === true
    ? undefined
    : oneof
}

/** Names without the dot that stands for the root. */
function plainName(type: protobuf.ReflectionObject): string {
  return type.fullName.replace(/^\./, '')
}

const wrappers: ReadonlyMap<string, ProtoScalar> = new Map([
  ['google.protobuf.DoubleValue', 'double'],
  ['google.protobuf.FloatValue', 'float'],
  ['google.protobuf.Int64Value', 'int64'],
  ['google.protobuf.UInt64Value', 'uint64'],
  ['google.protobuf.Int32Value', 'int32'],
  ['google.protobuf.UInt32Value', 'uint32'],
  ['google.protobuf.BoolValue', 'bool'],
  ['google.protobuf.StringValue', 'string'],
  ['google.protobuf.BytesValue', 'bytes'],
])

function protoField(field: protobuf.Field): ProtoField {
  const kind = kindOf(field)
  const base = { name: field.name, number: field.id, kind, packed: field.packed, presence: false }
  if (field instanceof protobuf.MapField) {
    const part = (name: string, number: number, ofKind: ProtoKind): ProtoField => ({
      ...base,
      name,
      number,
      kind: ofKind,
      repeated: false,
      entry: undefined,
    })
    const key: ProtoKind = {
      kind: 'scalar',
      scalar: field.keyType as ProtoScalar,
      initial: undefined,
    }
    const entry = { key: part('key', 1, key), value: part('value', 2, kind) }
    return { ...base, repeated: true, entry }
  }
  const presence = field.partOf !== null && field.partOf !== undefined
  return {
    ...base,
    repeated: field.repeated,
    presence,
    entry: field.repeated && kind.kind === 'message' ? entryOf(kind.type) : undefined,
  }
}

/** Kafka Connect writes a map as repeated messages whose name ends in Entry, of a key and a value. */
function entryOf(type: protobuf.Type): ProtoField['entry'] {
  if (!type.name.endsWith('Entry') || type.fieldsArray.length !== 2) return undefined
  const fields = messageFields(type)
  const key = fields.find(({ name }) => name === 'key')
  const value = fields.find(({ name }) => name === 'value')
  return key === undefined || value === undefined ? undefined : { key, value }
}

function kindOf(field: protobuf.Field): ProtoKind {
  const type = field.resolvedType
  if (type === null)
    return {
      kind: 'scalar',
      scalar: field.type as ProtoScalar,
      initial: field.options?.['default'],
    }
  if (type instanceof protobuf.Enum) return { kind: 'enum', type }
  const name = plainName(type)
  const scalar = wrappers.get(name)
  if (scalar !== undefined) return { kind: 'wrapper', scalar }
  switch (name) {
    case 'google.protobuf.Timestamp':
      return { kind: 'timestamp' }
    case 'google.type.Date':
      return { kind: 'date' }
    case 'google.type.TimeOfDay':
      return { kind: 'time' }
    case 'confluent.type.Decimal':
      return { kind: 'decimal', ...decimalParameters(field) }
    default:
      return { kind: 'message', type }
  }
}

/** `[(confluent.field_meta) = { params: [{ key: "precision", value: "4" }, …] }]`. */
function decimalParameters(field: protobuf.Field): {
  readonly precision: number | undefined
  readonly scale: number | undefined
} {
  const found = new Map<string, number>()
  const options = (field.parsedOptions ?? []) as readonly Readonly<Record<string, unknown>>[]
  for (const option of options) {
    const meta = option['(confluent.field_meta)'] as { readonly params?: unknown } | undefined
    const params: unknown[] = [meta?.params ?? []].flat(2)
    for (const param of params) {
      const { key, value } = param as { readonly key?: unknown; readonly value?: unknown }
      if (typeof key === 'string' && /^\d{1,9}$/.test(String(value))) found.set(key, Number(value))
    }
  }
  return { precision: found.get('precision'), scale: found.get('scale') }
}
