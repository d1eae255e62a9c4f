import { createHash } from 'node:crypto'

import { JsonNumber } from '@varve/serde'

import { isObject, type Raw } from './connect/raw.ts'

/** Debezium's own marker of a value that the database's log did not carry. */
const DEFAULT_PLACEHOLDER = '__debezium_unavailable_value'

/** Whether a raw column value stands for "not sent". Compares whole values, in each form that connectors give the marker. */
export type UnavailableTest = (raw: Raw) => boolean

/** Test for a marker: text, or bytes as `hex:…`. */
export function createUnavailableTest(placeholder: string = DEFAULT_PLACEHOLDER): UnavailableTest {
  const bytes = placeholder.startsWith('hex:')
    ? Buffer.from(placeholder.slice(4), 'hex')
    : Buffer.from(placeholder)
  const text = bytes.toString()
  const base64 = bytes.toString('base64')
  const texts = new Set([
    text,
    base64,
    bytes.toString('base64url'),
    base64.replaceAll('+', '-').replaceAll('/', '_'),
    bytes.toString('hex'),
    `{${JSON.stringify(text)}:${JSON.stringify(text)}}`,
  ])
  const lengths = new Set([...texts].map((form) => form.length))
  const elements = new Set([...texts, nameBasedUuid(bytes)])
  const isMarker = (raw: Raw): boolean => raw === text
  const isBytes = (raw: Raw): boolean => raw instanceof Uint8Array && bytes.equals(raw)
  const isList = (list: readonly Raw[]): boolean => {
    if (list.length === bytes.length && list.every((item, i) => isNumber(item, bytes[i]!)))
      return true
    const only = list[0]!
    if (list.length !== 1) return false
    if (typeof only === 'string') return elements.has(only)
    // A map whose keys are not text comes as a list of pairs.
    if (Array.isArray(only)) return only.length === 2 && (only as readonly Raw[]).every(isMarker)
    if (isObject(only))
      return isMarker(only.get('key') ?? null) && isMarker(only.get('value') ?? null)
    return isBytes(only)
  }
  return (raw) => {
    // Most texts have another length than any form of the marker.
    if (typeof raw === 'string') return lengths.has(raw.length) && texts.has(raw)
    if (Array.isArray(raw)) return isList(raw as readonly Raw[])
    if (isObject(raw)) return raw.size === 1 && raw.get(text) === text
    return isBytes(raw)
  }
}

function isNumber(raw: Raw, expected: number): boolean {
  return raw instanceof JsonNumber
    ? raw.text === String(expected)
    : (typeof raw === 'number' || typeof raw === 'bigint') && Number(raw) === expected
}

/** Version 3 UUID of bytes without a name space, as Java's `UUID.nameUUIDFromBytes`. */
function nameBasedUuid(bytes: Uint8Array): string {
  const hash = createHash('md5').update(bytes).digest()
  hash[6] = (hash[6]! & 0x0f) | 0x30
  hash[8] = (hash[8]! & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
