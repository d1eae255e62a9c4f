import type { LosslessJson } from '@varve/serde'

import {
  connectSchema,
  isConnectType,
  readParameters,
  type ConnectSchema,
  type ConnectType,
} from './connect-schema.ts'
import { asInteger, asList, asObject, type RawObject } from './raw.ts'

const MAX_DEPTH = 100
/** Definitions may be referred to again and again: what unfolds beyond this stays unknown. */
const MAX_NODES = 100_000
/** What Connect's JSON Schema converter writes where it does not say `connect.type`. */
const BASE: ReadonlyMap<string, ConnectType> = new Map([
  ['boolean', 'boolean'],
  ['integer', 'int64'],
  ['number', 'double'],
  ['string', 'string'],
  ['array', 'array'],
  ['object', 'struct'],
])

/**
 * The Connect schema that a JSON Schema was made from: `title` is the name, `connect.…` members the rest. Undefined where the document tells
 * nothing: references to other documents, choices, objects without properties.
 */
export function connectSchemaFromJsonSchema(json: LosslessJson): ConnectSchema | undefined {
  const root = asObject(json)
  return root === undefined ? undefined : convert(root, { root, nodes: MAX_NODES }, 0)
}

/** Where references lead, and how much may still unfold. */
interface Document {
  readonly root: RawObject
  nodes: number
}

function convert(schema: RawObject, document: Document, depth: number): ConnectSchema | undefined {
  if (depth > MAX_DEPTH || document.nodes-- <= 0) return undefined
  const reference = schema.get('$ref')
  if (typeof reference === 'string') {
    const target = resolve(reference, document.root)
    return target === undefined ? undefined : convert(target, document, depth + 1)
  }
  const choices = asList(schema.get('oneOf'))
  if (choices !== undefined) {
    const others = choices.map(asObject).filter((choice) => choice?.get('type') !== 'null')
    const only = others.length === 1 && others[0] !== undefined ? others[0] : undefined
    const schemaOfOnly = only === undefined ? undefined : convert(only, document, depth + 1)
    return schemaOfOnly === undefined
      ? undefined
      : { ...schemaOfOnly, optional: others.length < choices.length }
  }
  const declared = schema.get('connect.type')
  const type = isConnectType(declared) ? declared : BASE.get(String(schema.get('type')))
  if (type === undefined) return undefined
  const name = schema.get('title')
  const parameters = asObject(schema.get('connect.parameters')) as
    ReadonlyMap<string, LosslessJson> | undefined
  return connectSchema(type, {
    name: typeof name === 'string' ? name : undefined,
    optional: false,
    ...(parameters === undefined ? {} : { parameters: readParameters(parameters) }),
    ...members(type, schema, document, depth),
  })
}

function members(
  type: ConnectType,
  schema: RawObject,
  document: Document,
  depth: number,
): Partial<ConnectSchema> {
  const of = (raw: RawObject | undefined): ConnectSchema | undefined =>
    raw === undefined ? undefined : convert(raw, document, depth + 1)
  const items = asObject(schema.get('items'))
  switch (type) {
    case 'struct': {
      const properties = asObject(schema.get('properties')) ?? new Map()
      const fields = [...(properties as RawObject)].map(([name, property]) => {
        const member = asObject(property)
        const index = Number(asInteger(member?.get('connect.index')) ?? 0n)
        return { index, field: { name, schema: of(member) } }
      })
      return { fields: fields.sort((a, b) => a.index - b.index).map(({ field }) => field) }
    }
    case 'array':
      return { values: of(items) }
    case 'map': {
      const entry = asObject(items?.get('properties'))
      // Maps with text keys are objects, others lists of entries.
      return entry === undefined
        ? {
            keys: connectSchema('string', { optional: false }),
            values: of(asObject(schema.get('additionalProperties'))),
          }
        : { keys: of(asObject(entry.get('key'))), values: of(asObject(entry.get('value'))) }
    }
    default:
      return {}
  }
}

/** A place in the same document, `#/definitions/Name`. */
function resolve(reference: string, root: RawObject): RawObject | undefined {
  if (!reference.startsWith('#')) return undefined
  let place: RawObject | undefined = root
  for (const step of reference.split('/').slice(1))
    place = asObject(place?.get(step.replaceAll('~1', '/').replaceAll('~0', '~')))
  return place
}
