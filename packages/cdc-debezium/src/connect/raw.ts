import { JsonNumber, type AvroValue, type LosslessJson } from '@varve/serde'

import type { ConnectSchema } from './connect-schema.ts'
import { RawMembers } from './raw-members.ts'

/** A value as it was sent: read from JSON or Avro, not yet given a meaning. Objects and records are maps. */
export type Raw = LosslessJson | AvroValue | RawObject

/** A raw object. */
export interface RawObject extends ReadonlyMap<string, Raw> {}

/** A value with its schema, where there is one. */
export interface RawRecord {
  readonly schema: ConnectSchema | undefined
  readonly value: Raw
}

/** The value as an object; undefined for anything else. */
export function asObject(raw: Raw | undefined): RawObject | undefined {
  return isObject(raw) ? raw : undefined
}

/** Whether the value is an object. */
export function isObject(raw: Raw | undefined): raw is RawObject {
  return raw instanceof RawMembers || raw instanceof Map
}

/** The value as a list; undefined for anything else. */
export function asList(raw: Raw | undefined): readonly Raw[] | undefined {
  return Array.isArray(raw) ? (raw as readonly Raw[]) : undefined
}

/** The value as text: strings, numbers and booleans; undefined for null and structures. */
export function asText(raw: Raw | undefined): string | undefined {
  switch (typeof raw) {
    case 'string':
      return raw
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(raw)
    default:
      return raw instanceof JsonNumber ? raw.text : undefined
  }
}

/** Text that is not empty. Connectors write an empty string for what they do not have. */
export function asName(raw: Raw | undefined): string | undefined {
  const text = asText(raw)
  return text === '' ? undefined : text
}

/** A whole number, also one written as text; undefined for anything else. */
export function asInteger(raw: Raw | undefined): bigint | undefined {
  if (typeof raw === 'number') return Number.isInteger(raw) ? BigInt(raw) : undefined
  if (typeof raw === 'bigint') return raw
  const text = asText(raw)
  return text !== undefined && /^-?\d{1,100}$/.test(text) ? BigInt(text) : undefined
}
