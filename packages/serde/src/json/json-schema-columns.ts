import { DeserializationError, UnsupportedError } from '@varve/base'

import {
  anonymousSchema,
  ColumnCollector,
  type ColumnInferenceOptions,
  type InferredColumns,
} from '../inference.ts'
import type { ResolvedReference } from '../registry/resolve-references.ts'
import { javaHashOrder } from '../text/java-hash.ts'
import { SqlTypes, type SqlType, type StructField } from '../sql-type.ts'

/** Levels of `$ref` and `oneOf` around one type; more are taken for a circle. */
const MAX_INDIRECTIONS = 100

type Json = Readonly<Record<string, unknown>>

/**
 * Columns of a JSON Schema, by Kafka Connect's reading of it: `connect.type` narrows JSON's types, `connect.index` orders members, `oneOf`
 * with `null` is an optional member.
 *
 * @param schema - JSON text
 * @throws DeserializationError when the text is no JSON object
 * @throws UnsupportedError when a wrapped side is no object, or no column is left
 */
export function columnsFromJsonSchema(
  schema: string,
  options: ColumnInferenceOptions,
  references: readonly ResolvedReference[] = [],
): InferredColumns {
  const documents = new Map(
    references.map((reference) => [reference.name, parseSchema(reference.schema)]),
  )
  const root = parseSchema(schema)
  const collector = new ColumnCollector(options)
  const inference = new Inference(documents, collector)
  if (!collector.wrapped) {
    collector.bare((name) => inference.type(root, root, name))
    return collector.finish()
  }
  const record = inference.present(root, root)
  if (record?.schema['type'] !== 'object' || !isObject(record.schema['properties']))
    throw new UnsupportedError(anonymousSchema)
  collector.columns.push(...inference.fields(record, ''))
  return collector.finish()
}

function parseSchema(text: string): Json {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new DeserializationError('the schema is not JSON', { cause })
  }
  if (!isObject(json)) throw new DeserializationError('the schema is not a JSON object')
  return json
}

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** A schema and the document that its local references point into. */
interface Located {
  readonly schema: Json
  readonly document: Json
}

class Inference {
  readonly #documents: ReadonlyMap<string, Json>
  readonly #collector: ColumnCollector
  readonly #open = new Set<Json>()

  constructor(documents: ReadonlyMap<string, Json>, collector: ColumnCollector) {
    this.#documents = documents
    this.#collector = collector
  }

  /** What a schema is besides null, with references followed; undefined for a choice of several or a reference to nothing. */
  present(given: unknown, document: Json, depth = 0): Located | undefined {
    if (!isObject(given) || depth > MAX_INDIRECTIONS) return undefined
    const reference = given['$ref']
    if (typeof reference === 'string') {
      const target = this.#resolve(reference, document)
      return target && this.present(target.schema, target.document, depth + 1)
    }
    const choices = given['oneOf'] ?? given['anyOf'] ?? given['allOf']
    if (Array.isArray(choices)) {
      const others = choices.filter((choice) => !isObject(choice) || choice['type'] !== 'null')
      return others.length === 1 ? this.present(others[0], document, depth + 1) : undefined
    }
    const { type } = given
    if (!Array.isArray(type)) return { schema: given, document }
    const others: unknown[] = type.filter((name) => name !== 'null')
    return others.length === 1 ? { schema: { ...given, type: others[0] }, document } : undefined
  }

  fields({ schema, document }: Located, path: string): StructField[] {
    const properties = isObject(schema['properties']) ? schema['properties'] : {}
    // Connect reads the members into a Java hash map; those without an index have that map's order.
    const members = javaHashOrder(Object.keys(properties)).map((name, i) => {
      const member = properties[name]
      const index = isObject(member) ? member['connect.index'] : undefined
      return { name, member, index: typeof index === 'number' ? index : i }
    })
    const fields: StructField[] = []
    for (const { name, member } of members.toSorted((a, b) => a.index - b.index)) {
      const type = this.type(member, document, path === '' ? name : `${path}.${name}`)
      if (type !== undefined) fields.push({ name: this.#collector.name(name), type })
    }
    return fields
  }

  /** Undefined, and noted, when no SQL type holds the values. */
  type(given: unknown, document: Json, path: string): SqlType | undefined {
    const located = this.present(given, document)
    if (located === undefined)
      return this.#collector.skip(path, 'is a choice of types or refers to nothing')
    const { schema } = located
    const connect = schema['connect.type']
    switch (schema['type']) {
      case 'boolean':
        return SqlTypes.BOOLEAN
      case 'integer':
        return integerType(schema)
      case 'number':
        if (connect !== 'bytes')
          return connect?.toString().startsWith('int') === true
            ? integerType(schema)
            : SqlTypes.DOUBLE
        return decimalType(schema)
      case 'string':
        return connect === 'bytes' ? SqlTypes.BYTES : SqlTypes.STRING
      case 'array': {
        if (connect === 'map')
          return this.#collector.skip(path, 'is a map whose keys are not strings')
        const element = this.type(schema['items'], located.document, `${path}[]`)
        return element && { kind: 'ARRAY', element }
      }
      case 'object':
        return this.#object(located, path)
      case undefined:
        if (Array.isArray(schema['enum'])) return SqlTypes.STRING
        return this.#collector.skip(path, 'has no type')
      default:
        return this.#collector.skip(path, `is of type ${JSON.stringify(schema['type'])}`)
    }
  }

  #object(located: Located, path: string): SqlType | undefined {
    const { schema, document } = located
    if (
      schema['connect.type'] === 'map' ||
      (schema['properties'] === undefined && isObject(schema['additionalProperties']))
    ) {
      const value = this.type(schema['additionalProperties'], document, `${path}{}`)
      return value && { kind: 'MAP', key: SqlTypes.STRING, value }
    }
    if (this.#open.has(schema)) return this.#collector.skip(path, 'is recursive')
    this.#open.add(schema)
    const fields = this.fields(located, path)
    this.#open.delete(schema)
    return fields.length === 0
      ? this.#collector.skip(path, 'has no supported fields')
      : { kind: 'STRUCT', fields }
  }

  #resolve(reference: string, document: Json): Located | undefined {
    const hash = reference.indexOf('#')
    const name = hash < 0 ? reference : reference.slice(0, hash)
    const target = name === '' ? document : this.#documents.get(name)
    if (target === undefined) return undefined
    let found: unknown = target
    for (const step of hash < 0
      ? []
      : reference
          .slice(hash + 1)
          .split('/')
          .slice(1)) {
      const member = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
      if (!isObject(found) || !Object.hasOwn(found, member)) return undefined
      found = found[member]
    }
    return isObject(found) ? { schema: found, document: target } : undefined
  }
}

const connectNames = 'org.apache.kafka.connect.data.'

function integerType(schema: Json): SqlType {
  const { title } = schema
  if (title === `${connectNames}Date`) return SqlTypes.DATE
  if (title === `${connectNames}Time`) return SqlTypes.TIME
  if (title === `${connectNames}Timestamp`) return SqlTypes.TIMESTAMP
  switch (schema['connect.type']) {
    case 'int8':
    case 'int16':
    case 'int32':
      return SqlTypes.INTEGER
    default:
      return SqlTypes.BIGINT
  }
}

/** Connect's decimals carry a scale; a precision only where the dialect wrote them, 64 otherwise. */
function decimalType(schema: Json): SqlType {
  const given = schema['connect.parameters']
  const parameters = isObject(given) ? given : {}
  const number = (name: string, otherwise: number): number => {
    const value = Number(parameters[name] ?? otherwise)
    return Number.isSafeInteger(value) ? value : otherwise
  }
  return {
    kind: 'DECIMAL',
    precision: number('connect.decimal.precision', 64),
    scale: number('scale', 0),
  }
}
