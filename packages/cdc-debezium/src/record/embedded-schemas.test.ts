import { formatLosslessJson, parseLosslessJson } from '@varve/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { EmbeddedSchemas } from './embedded-schemas.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const record = (name: string, payload: string): Uint8Array =>
  bytes(`{"schema":{"type":"int64","name":${JSON.stringify(name)}},"payload":${payload}}`)

test('the same bytes of a schema give the same schema, without parsing it again', () => {
  const schemas = new EmbeddedSchemas()
  const first = schemas.split(record('a', '1'))
  const second = schemas.split(record('a', '2'))
  expect(first?.schema).toBeDefined()
  expect(second?.schema).toBe(first?.schema)
  expect(schemas.split(record('b', '1'))?.schema).not.toBe(first?.schema)
  expect(schemas.size).toBe(2)
})

test('payloads are what parsing the whole gives', () => {
  const schemas = new EmbeddedSchemas()
  fc.assert(
    fc.property(fc.string(), fc.json(), (name, payload) => {
      const text = record(name, payload)
      const whole = parseLosslessJson(new TextDecoder().decode(text)) as ReadonlyMap<string, never>
      for (let i = 0; i < 2; i++) {
        const split = schemas.split(text)
        // A name may hold what looks like the end of the schema; then the record is left to be parsed whole.
        if (split === undefined) expect(name).toContain('payload')
        else
          expect(formatLosslessJson(split.value as never)).toBe(
            formatLosslessJson(whole.get('payload')!),
          )
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
  expect(schemas.split(bytes(text))).toBeUndefined()
})

test('keeps a bounded number of schemas', () => {
  const schemas = new EmbeddedSchemas()
  for (let i = 0; i < 1500; i++) schemas.split(record(`s${i}`, '0'))
  expect(schemas.size).toBe(1000)
})
