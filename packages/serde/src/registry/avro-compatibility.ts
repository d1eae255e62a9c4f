import type { AvroSchema } from '../avro/avro-schema.ts'

/**
 * Why data of `writer` could not be read as `reader`; undefined when it can.
 *
 * Source: Apache Avro specification 1.11, "Schema Resolution".
 */
export function avroIncompatibility(reader: AvroSchema, writer: AvroSchema): string | undefined {
  return compare(reader, writer, '', new Map())
}

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

function compare(
  reader: AvroSchema,
  writer: AvroSchema,
  path: string,
  open: Map<AvroSchema, Set<AvroSchema>>,
): string | undefined {
  if (writer.type === 'union') {
    for (const branch of writer.branches) {
      const reason = compare(reader, branch, path, open)
      if (reason !== undefined) return reason
    }
    return undefined
  }
  if (reader.type === 'union') {
    const matches = reader.branches.some(
      (branch) => compare(branch, writer, path, open) === undefined,
    )
    return matches ? undefined : `"${path}": the new union lacks type ${writer.type}`
  }
  if (reader.type !== writer.type) {
    return PROMOTIONS[writer.type]?.includes(reader.type) === true
      ? undefined
      : `"${path}": type ${writer.type} became ${reader.type}`
  }
  switch (reader.type) {
    case 'array':
      return writer.type === 'array'
        ? compare(reader.items, writer.items, `${path}[]`, open)
        : undefined
    case 'map':
      return writer.type === 'map'
        ? compare(reader.values, writer.values, `${path}{}`, open)
        : undefined
    case 'fixed':
      return writer.type === 'fixed' &&
        (writer.size !== reader.size || baseName(writer.name) !== baseName(reader.name))
        ? `"${path}": fixed changed its name or size`
        : undefined
    case 'enum': {
      if (writer.type !== 'enum') return undefined
      const known = new Set(reader.symbols)
      const lost = writer.symbols.find((symbol) => !known.has(symbol))
      return lost === undefined || reader.properties.has('default')
        ? undefined
        : `"${path}": enum lost symbol "${lost}"`
    }
    case 'record': {
      if (writer.type !== 'record') return undefined
      if (baseName(writer.name) !== baseName(reader.name))
        return `"${path}": record "${writer.name}" became "${reader.name}"`
      // A pair under way counts as compatible: the comparison outside it decides.
      const seen = open.get(reader) ?? new Set()
      if (seen.has(writer)) return undefined
      open.set(reader, seen.add(writer))
      for (const field of reader.fields) {
        const old = writer.fields.find((candidate) => candidate.name === field.name)
        const inner = path === '' ? field.name : `${path}.${field.name}`
        if (old === undefined) {
          if (field.defaultValue === undefined) return `"${inner}": new field without a default`
          continue
        }
        const reason = compare(field.schema, old.schema, inner, open)
        if (reason !== undefined) return reason
      }
      return undefined
    }
    default:
      return undefined
  }
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
