import { avroMapEntry, type AvroProperties, type AvroSchema } from '@varve/serde'

import {
  connectSchema,
  isConnectType,
  readParameters,
  type ConnectSchema,
  type ConnectType,
} from './connect-schema.ts'

const MAX_DEPTH = 100
/** Named types may be named again and again: what unfolds beyond this stays unknown. */
const MAX_NODES = 100_000
const BASE: { readonly [type: string]: ConnectType } = {
  boolean: 'boolean',
  int: 'int32',
  long: 'int64',
  float: 'float',
  double: 'double',
  bytes: 'bytes',
  fixed: 'bytes',
  string: 'string',
  enum: 'string',
}
const LOGICAL: { readonly [name: string]: string } = {
  decimal: 'org.apache.kafka.connect.data.Decimal',
  date: 'org.apache.kafka.connect.data.Date',
  'time-millis': 'org.apache.kafka.connect.data.Time',
  'timestamp-millis': 'org.apache.kafka.connect.data.Timestamp',
}

/** The Connect schema that an Avro schema was made from: names and parameters are in `connect.…` properties of the branch that is not null. */
export function connectSchemaFromAvro(
  schema: AvroSchema,
  fieldProperties?: AvroProperties,
): ConnectSchema | undefined {
  return convert(schema, fieldProperties, 0, { nodes: MAX_NODES })
}

function convert(
  schema: AvroSchema,
  field: AvroProperties | undefined,
  depth: number,
  budget: { nodes: number },
): ConnectSchema | undefined {
  if (depth > MAX_DEPTH || budget.nodes-- <= 0) return undefined
  if (schema.type === 'union') {
    const others = schema.branches.filter((branch) => branch.type !== 'null')
    const only = others.length === 1 ? convert(others[0]!, field, depth, budget) : undefined
    return only === undefined
      ? undefined
      : { ...only, optional: others.length < schema.branches.length }
  }
  if (schema.type === 'null') return undefined
  const { properties } = schema
  const type = connectType(schema)
  const common = {
    name: nameOf(schema),
    optional: false,
    parameters: parametersOf(properties, field),
  }
  const entry = avroMapEntry(schema)
  if (entry !== undefined)
    return connectSchema('map', {
      ...common,
      keys: convert(entry.key, undefined, depth + 1, budget),
      values: convert(entry.value, undefined, depth + 1, budget),
    })
  switch (schema.type) {
    case 'array':
      return connectSchema(type, {
        ...common,
        values: convert(schema.items, undefined, depth + 1, budget),
      })
    case 'map':
      return connectSchema(type, {
        ...common,
        keys: connectSchema('string', { optional: false }),
        values: convert(schema.values, undefined, depth + 1, budget),
      })
    case 'record':
      return connectSchema(type, {
        ...common,
        fields: schema.fields.map((member) => ({
          name: member.name,
          schema: convert(member.schema, member.properties, depth + 1, budget),
        })),
      })
    default:
      return connectSchema(type, common)
  }
}

function connectType(schema: AvroSchema & { readonly properties: AvroProperties }): ConnectType {
  const declared = schema.properties.get('connect.type')
  if (isConnectType(declared)) return declared
  if (schema.type === 'array' || schema.type === 'map') return schema.type
  return BASE[schema.type] ?? 'struct'
}

function nameOf(schema: AvroSchema & { readonly properties: AvroProperties }): string | undefined {
  const name = schema.properties.get('connect.name')
  if (typeof name === 'string') return name
  if (schema.type === 'record') return schema.name
  const logical = schema.properties.get('logicalType')
  return typeof logical === 'string' ? LOGICAL[logical] : undefined
}

function parametersOf(
  properties: AvroProperties,
  field: AvroProperties | undefined,
): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const holder of [properties, field]) {
    const members = holder?.get('connect.parameters')
    if (members instanceof Map)
      for (const [name, text] of readParameters(members)) parameters.set(name, text)
  }
  const direct = readParameters(properties)
  const scale = direct.get('scale')
  if (scale !== undefined && !parameters.has('scale')) parameters.set('scale', scale)
  // Connect writes 64 where it does not know the precision.
  const precision = direct.get('precision')
  if (precision !== undefined && precision !== '64' && !parameters.has('connect.decimal.precision'))
    parameters.set('connect.decimal.precision', precision)
  return parameters
}
