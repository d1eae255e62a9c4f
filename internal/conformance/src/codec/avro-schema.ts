import { isArray, JsonNumber, JsonObject, type Json } from '../json/json-value.ts'
import { CodecError } from './side-codec.ts'

/** An Avro schema with names resolved. Records may contain themselves. */
export type Avro =
  | {
      readonly type:
        'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'enum' | 'bytes'
      readonly symbols?: readonly string[]
      /** Of bytes and fixed with logical type decimal. */
      readonly decimalScale?: number
    }
  | { readonly type: 'fixed'; readonly size: number; readonly decimalScale?: number }
  | { readonly type: 'array'; readonly items: Avro; readonly mapEntries: boolean }
  | { readonly type: 'map'; readonly values: Avro }
  | { readonly type: 'union'; readonly branches: readonly Avro[] }
  | { readonly type: 'record'; readonly fields: readonly AvroField[] }

interface AvroField {
  readonly name: string
  readonly schema: Avro
  readonly defaultValue: Json | undefined
}

/** Reads a schema from its JSON. `references` are read first and lend their names. @throws CodecError */
export function readAvroSchema(json: Json, references: readonly Json[] = []): Avro {
  const names = new Map<string, Avro>()
  for (const reference of references) read(reference, '', names)
  return read(json, '', names)
}

function read(json: Json, namespace: string, names: Map<string, Avro>): Avro {
  if (typeof json === 'string') return named(json, namespace, names)
  if (isArray(json)) {
    return { type: 'union', branches: json.map((branch) => read(branch, namespace, names)) }
  }
  if (!(json instanceof JsonObject)) throw new CodecError('no Avro schema')
  const type = json.get('type')
  if (typeof type !== 'string') return read(type ?? null, namespace, names)
  switch (type) {
    case 'record':
      return readRecord(json, namespace, names)
    case 'enum': {
      const symbols = (json.get('symbols') as readonly Json[]).map(String)
      return define(json, namespace, names, { type: 'enum', symbols }).schema
    }
    case 'fixed': {
      const size = Number((json.get('size') as JsonNumber).text)
      return define(json, namespace, names, { type: 'fixed', size, ...decimal(json) }).schema
    }
    case 'array':
      return readArray(json, namespace, names)
    case 'map':
      return { type: 'map', values: read(json.get('values') ?? null, namespace, names) }
    case 'bytes':
      return { type: 'bytes', ...decimal(json) }
    default:
      return named(type, namespace, names)
  }
}

function decimal(json: JsonObject): { decimalScale?: number } {
  if (json.get('logicalType') !== 'decimal') return {}
  const scale = json.get('scale')
  return { decimalScale: scale instanceof JsonNumber ? Number(scale.text) : 0 }
}

function named(name: string, namespace: string, names: Map<string, Avro>): Avro {
  switch (name) {
    case 'null':
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'string':
    case 'bytes':
      return { type: name }
    default: {
      const found = names.get(name) ?? names.get(`${namespace}.${name}`)
      if (found === undefined) throw new CodecError(`Avro type "${name}" is not defined`)
      return found
    }
  }
}

function define(
  json: JsonObject,
  namespace: string,
  names: Map<string, Avro>,
  schema: Avro,
): { readonly schema: Avro; readonly namespace: string } {
  const name = json.get('name') as string
  const given = json.get('namespace')
  const dot = name.lastIndexOf('.')
  const own = dot >= 0 ? name.slice(0, dot) : typeof given === 'string' ? given : namespace
  const short = name.slice(dot + 1)
  names.set(own === '' ? short : `${own}.${short}`, schema)
  return { schema, namespace: own }
}

function readRecord(json: JsonObject, namespace: string, names: Map<string, Avro>): Avro {
  const fields: AvroField[] = []
  const { schema, namespace: inner } = define(json, namespace, names, { type: 'record', fields })
  for (const field of json.get('fields') as readonly Json[]) {
    if (!(field instanceof JsonObject)) throw new CodecError('a field is no object')
    fields.push({
      name: field.get('name') as string,
      schema: read(field.get('type') ?? null, inner, names),
      defaultValue: field.get('default'),
    })
  }
  return schema
}

function readArray(json: JsonObject, namespace: string, names: Map<string, Avro>): Avro {
  const items = json.get('items') ?? null
  return {
    type: 'array',
    items: read(items, namespace, names),
    mapEntries: items instanceof JsonObject && items.get('connect.internal.type') === 'MapEntry',
  }
}
