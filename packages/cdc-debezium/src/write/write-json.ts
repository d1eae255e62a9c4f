import type { ConnectSchema } from '../connect/connect-schema.ts'
import type { WireValue } from './wire-value.ts'

/** A value as Connect's JSON converter writes it. */
export function formatJson(schema: ConnectSchema, value: WireValue): string {
  if (value === null) return 'null'
  switch (schema.type) {
    case 'float':
    case 'double':
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value as number))
    case 'bytes': {
      const { buffer, byteOffset, length } = value as Uint8Array
      return `"${Buffer.from(buffer, byteOffset, length).toString('base64')}"`
    }
    case 'string':
      return JSON.stringify(value)
    case 'array':
      return `[${(value as readonly WireValue[]).map((v) => formatJson(schema.values!, v)).join()}]`
    case 'map':
      return `{${[...(value as ReadonlyMap<string, WireValue>)]
        .map(([key, v]) => `${JSON.stringify(key)}:${formatJson(schema.values!, v)}`)
        .join()}}`
    case 'struct': {
      const members = value as readonly WireValue[]
      return `{${schema.fields
        .map((f, i) => `${JSON.stringify(f.name)}:${formatJson(f.schema!, members[i]!)}`)
        .join()}}`
    }
    default:
      return String(value as boolean | number | bigint)
  }
}

/** A schema as Connect's JSON converter writes it. */
export function schemaToJson(schema: ConnectSchema): Record<string, unknown> {
  return {
    type: schema.type,
    ...(schema.type === 'struct'
      ? { fields: schema.fields.map((f) => ({ ...schemaToJson(f.schema!), field: f.name })) }
      : {}),
    ...(schema.type === 'array' ? { items: schemaToJson(schema.values!) } : {}),
    ...(schema.type === 'map'
      ? { keys: schemaToJson(schema.keys!), values: schemaToJson(schema.values!) }
      : {}),
    optional: schema.optional,
    ...(schema.name === undefined ? {} : { name: schema.name, version: versionOf(schema.name) }),
    ...(schema.parameters.size === 0 ? {} : { parameters: Object.fromEntries(schema.parameters) }),
  }
}

/** Envelopes are of version 2 since Debezium 2.6; all else is of version 1. */
export function versionOf(name: string): number {
  return name.endsWith('.Envelope') ? 2 : 1
}
