import { formatLosslessJson, parseLosslessJson } from '@varve/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { asText, isObject, type Raw } from '../connect/raw.ts'
import { EmbeddedSchemas } from './embedded-schemas.ts'
import { JsonReader } from './json-reader.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const record = (name: string, payload: string): Uint8Array =>
  bytes(`{"schema":{"type":"int64","name":${JSON.stringify(name)}},"payload":${payload}}`)

/** A value as the text it was read from. */
function spell(raw: Raw): string {
  if (Array.isArray(raw)) return `[${(raw as readonly Raw[]).map(spell).join()}]`
  if (isObject(raw))
    return `{${[...raw].map(([name, value]) => `${JSON.stringify(name)}:${spell(value)}`).join()}}`
  return typeof raw === 'string' ? JSON.stringify(raw) : (asText(raw) ?? 'null')
}

test('the same bytes of a schema give the same schema, without parsing it again', () => {
  const schemas = new EmbeddedSchemas()
  const first = schemas.split(record('a', '1'), new JsonReader())
  const second = schemas.split(record('a', '2'), new JsonReader())
  expect(first?.schema).toBeDefined()
  expect(second?.schema).toBe(first?.schema)
  expect(schemas.split(record('b', '1'), new JsonReader())?.schema).not.toBe(first?.schema)
  expect(schemas.size).toBe(2)
})

test('payloads are what parsing the whole gives', () => {
  const schemas = new EmbeddedSchemas()
  fc.assert(
    fc.property(fc.string(), fc.json(), (name, payload) => {
      const text = record(name, payload)
      const whole = parseLosslessJson(new TextDecoder().decode(text)) as ReadonlyMap<string, never>
      for (let i = 0; i < 2; i++) {
        const split = schemas.split(text, new JsonReader())
        // A name may hold what looks like the end of the schema; then the record is left to be parsed whole.
        if (split === undefined) expect(name).toContain('payload')
        else expect(spell(split.value)).toBe(formatLosslessJson(whole.get('payload')!))
      }
    }),
  )
})

test.each([
  '{"schema":{"type":"int64"},"payload":1,"more":2}',
  '{"schema":{"type":"int64"},"payload":1',
  '{"schema":{"type":"int64"},"payload":}',
  '{"schema":{"type":"int64","doc":"},"payload":"},"payload":1}',
  '{"schema":{"type":"int64","doc":"{\\"a\\":{},\\"payload\\":"}}',
  '{"schema":{"type":"other"},"payload":1}',
  '{"schema":null,"payload":1}',
  ' {"schema":{"type":"int64"},"payload":1}',
  '',
])('leaves %s to be parsed whole', (text) => {
  const schemas = new EmbeddedSchemas()
  expect(schemas.split(bytes(text), new JsonReader())).toBeUndefined()
})

test('keeps a bounded number of schemas', () => {
  const schemas = new EmbeddedSchemas()
  for (let i = 0; i < 1500; i++) schemas.split(record(`s${i}`, '0'), new JsonReader())
  expect(schemas.size).toBe(1000)
})
