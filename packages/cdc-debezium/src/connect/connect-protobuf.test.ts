import { isVarveError } from '@varve/base'
import { InMemorySchemaRegistry } from '@varve/serde'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { ChangeDecoder } from '../change-decoder.ts'
import type { Change, ChangeRecord } from '../change.ts'

const SCHEMA = `syntax = "proto3";
package p;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Key { int32 id = 1; }
message Envelope {
  Value before = 1;
  Value after = 2;
  string op = 3;
  message Value {
    int32 id = 1;
    optional int32 maybe = 2;
    google.protobuf.Int64Value wrapped = 3;
    google.protobuf.Timestamp at = 4;
    repeated int32 list = 5;
    repeated NamesEntry names = 6;
    message NamesEntry { string key = 1; int64 value = 2; }
  }
}`

async function decoderOf(schema: string): Promise<{ decoder: ChangeDecoder; id: number }> {
  const registry = new InMemorySchemaRegistry()
  const id = await registry.register('t-value', { schemaType: 'PROTOBUF', schema })
  return { decoder: new ChangeDecoder({ registry }), id }
}

async function decode(decoder: ChangeDecoder, record: ChangeRecord): Promise<Change> {
  await decoder.prepare(record)
  return decoder.decode(record)
}

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const prefix = (id: number): string => `00${id.toString(16).padStart(8, '0')}`
/** The second message of the file, after: {id 7, at 1.5 s, list packed, names one pair}, op c. */
const EVENT = '1218 0807 2208 0801 1080cab5ee01 2a020102 3206 0a0161 10ff01 1a0163'

test('a message is found by its path, in front of the payload or in the header', async () => {
  const { decoder, id } = await decoderOf(SCHEMA)
  const expected = {
    kind: 'row',
    op: 'c',
    before: null,
    nullsMayBeZero: true,
    after: { id: 7, maybe: null, wrapped: null, list: [1, 2] },
  }
  const framed = { key: null, value: hex(`${prefix(id)} 0202 ${EVENT}`) }
  const change = await decode(decoder, framed)
  expect(change).toMatchObject(expected)
  const after = change.kind === 'row' ? change.after : null
  expect(String(after?.['at'])).toBe('1970-01-01T00:00:01.5')
  expect(after?.['names']).toEqual(new Map([['a', 255n]]))
  const headers = [{ key: '__value_schema_id', value: hex(`${prefix(id)} 0202`) }]
  expect(await decode(decoder, { key: null, value: hex(EVENT), headers })).toMatchObject(expected)
})

test('mutated messages are answered or refused by a typed error', async () => {
  const { decoder, id } = await decoderOf(SCHEMA)
  const whole = hex(`${prefix(id)} 0202 ${EVENT}`)
  await decoder.prepare({ key: null, value: whole })
  const mutated = fc.oneof(
    fc
      .tuple(fc.nat(whole.length - 6), fc.nat(255))
      .map(([at, byte]) => whole.map((old, i) => (i === at + 5 ? byte : old))),
    fc
      .uint8Array({ maxLength: 30 })
      .map((tail) => new Uint8Array([...whole.subarray(0, 5), ...tail])),
    fc.nat(whole.length).map((end) => whole.subarray(0, end)),
  )
  fc.assert(
    fc.property(mutated, (value) => {
      try {
        decoder.decode({ key: null, value })
      } catch (error) {
        if (!isVarveError(error)) throw error
      }
    }),
    { numRuns: 2000 },
  )
})

test('a message that contains itself is refused', async () => {
  const { decoder, id } = await decoderOf(
    'syntax = "proto3"; message Envelope { Envelope before = 1; Envelope after = 2; }',
  )
  await expect(decode(decoder, { key: null, value: hex(`${prefix(id)} 00`) })).rejects.toThrow(
    /contains itself/,
  )
})
