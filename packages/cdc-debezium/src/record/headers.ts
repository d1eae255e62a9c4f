import { JsonNumber, parseLosslessJson } from '@varve/serde'

import type { ChangeRecord } from '../change.ts'
import { isConnectType } from '../connect/connect-schema.ts'
import { asObject, type Raw } from '../connect/raw.ts'

/** Bytes of the last header of a name; undefined when there is none or it is null. */
export function headerBytes(record: ChangeRecord, name: string): Uint8Array | undefined {
  const headers = record.headers ?? []
  for (let i = headers.length - 1; i >= 0; i--)
    if (headers[i]!.key === name) return headers[i]!.value ?? undefined
  return undefined
}

/** A header's value: JSON, taken out of `schema` and `payload` where it is in them, else text. */
export function headerValue(record: ChangeRecord, name: string): Raw | undefined {
  const bytes = headerBytes(record, name)
  if (bytes === undefined) return undefined
  const text = new TextDecoder().decode(bytes)
  let json: Raw
  try {
    json = parseLosslessJson(text)
  } catch {
    return text
  }
  const object = asObject(json)
  const schema = object?.get('schema')
  return object?.size === 2 &&
    object.has('payload') &&
    (schema === null || isConnectType(asObject(schema)?.get('type')))
    ? object.get('payload')!
    : json
}

/** A header as text, numbers included. */
export function headerText(record: ChangeRecord, name: string): string | undefined {
  const value = headerValue(record, name)
  return typeof value === 'string'
    ? value
    : value instanceof JsonNumber
      ? value.text
      : typeof value === 'boolean'
        ? String(value)
        : undefined
}
