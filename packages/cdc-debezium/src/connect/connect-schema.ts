import { JsonNumber } from '@varve/serde'

import { ChangeDecodeError } from '../errors.ts'
import { asObject, isObject, type Raw } from './raw.ts'

/** Kafka Connect's types. */
export type ConnectType =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float'
  | 'double'
  | 'bytes'
  | 'string'
  | 'array'
  | 'map'
  | 'struct'

/** A schema of Kafka Connect's data model. Values of an unknown schema are decoded by what they look like. */
export interface ConnectSchema {
  readonly type: ConnectType
  /** Semantic name, such as `io.debezium.time.Date`. */
  readonly name: string | undefined
  readonly optional: boolean
  readonly parameters: ReadonlyMap<string, string>
  /** Of a struct. */
  readonly fields: readonly ConnectField[]
  /** Elements of an array, values of a map. Undefined when unknown. */
  readonly values: ConnectSchema | undefined
  /** Keys of a map. */
  readonly keys: ConnectSchema | undefined
}

/** A field of a struct. */
interface ConnectField {
  readonly name: string
  readonly schema: ConnectSchema | undefined
}

const TYPES: ReadonlySet<string> = new Set<ConnectType>([
  'boolean',
  'int8',
  'int16',
  'int32',
  'int64',
  'float',
  'double',
  'bytes',
  'string',
  'array',
  'map',
  'struct',
])
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()
const MAX_DEPTH = 100

/** A schema of a type alone. */
export function connectSchema(
  type: ConnectType,
  more: Partial<Omit<ConnectSchema, 'type'>> = {},
): ConnectSchema {
  return {
    type,
    name: undefined,
    optional: true,
    parameters: NO_PARAMETERS,
    fields: [],
    values: undefined,
    keys: undefined,
    ...more,
  }
}

/** Whether text names a Connect type. */
export function isConnectType(text: unknown): text is ConnectType {
  return typeof text === 'string' && TYPES.has(text)
}

/** The schema of a field; undefined when there is no such field or its schema is unknown. */
export function fieldSchema(
  schema: ConnectSchema | undefined,
  name: string,
): ConnectSchema | undefined {
  if (schema !== undefined)
    for (const field of schema.fields) if (field.name === name) return field.schema
  return undefined
}

/**
 * Reads a schema as Connect's JSON converter writes it. Null is an unknown schema.
 *
 * @throws ChangeDecodeError when it is none
 */
export function parseConnectSchema(json: Raw, depth = 0): ConnectSchema | undefined {
  if (json === null) return undefined
  if (depth > MAX_DEPTH) return invalid('a schema nested too deeply')
  const object = asObject(json)
  if (object === undefined) return invalid('a schema that is no object')
  const type = object.get('type')
  if (!isConnectType(type)) return invalid('a schema of unknown type')
  const name = object.get('name')
  const optional = object.get('optional')
  const parameters = object.get('parameters')
  const fields = object.get('fields')
  return {
    type,
    name: typeof name === 'string' ? name : undefined,
    optional: optional === true,
    parameters: isObject(parameters) ? readParameters(parameters) : NO_PARAMETERS,
    fields: Array.isArray(fields)
      ? (fields as readonly Raw[]).map((field) => parseField(field, depth + 1))
      : [],
    values: parseConnectSchema(
      object.get(type === 'array' ? 'items' : 'values') ?? null,
      depth + 1,
    ),
    keys: parseConnectSchema(object.get('keys') ?? null, depth + 1),
  }
}

function parseField(json: Raw, depth: number): ConnectField {
  const name = asObject(json)?.get('field')
  if (typeof name !== 'string') return invalid('a field without name')
  return { name, schema: parseConnectSchema(json, depth) }
}

/** Parameters as text, whatever they were written as. */
export function readParameters(parameters: ReadonlyMap<string, Raw>): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const [name, value] of parameters) {
    if (typeof value === 'string') texts.set(name, value)
    else if (value instanceof JsonNumber) texts.set(name, value.text)
    else if (typeof value === 'number') texts.set(name, String(value))
  }
  return texts
}

function invalid(message: string): never {
  throw new ChangeDecodeError('invalid-envelope', message, { path: 'schema' })
}
