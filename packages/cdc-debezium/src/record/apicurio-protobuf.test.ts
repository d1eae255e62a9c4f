import { InMemorySchemaRegistry } from '@varve/serde'
import { expect, test } from 'vitest'

import type { ChangeRecord } from '../change.ts'
import { ChangeDecoder } from '../change-decoder.ts'
import type { ChangeDecoderOptions } from '../options.ts'

const utf8 = new TextEncoder()
const proto = `syntax = "proto3";
package a.b;
message Other { int32 x = 1; }
message Envelope {
  Value after = 1;
  string op = 2;
  message Value {
    int32 id = 1;
    repeated TagsEntry tags = 2;
    message TagsEntry { int32 key = 1; string value = 2; }
  }
}`
/** `after {id: 7, tags {5: "x"}}`, op "c". */
const body = [0x0a, 9, 0x08, 7, 0x12, 5, 0x08, 5, 0x12, 1, 0x78, 0x12, 1, 0x63]
const ref = [10, 0x0a, 8, ...utf8.encode('Envelope')]

async function decode(
  bytes: readonly number[],
  options: ChangeDecoderOptions,
  headers: ChangeRecord['headers'] = [],
): Promise<unknown> {
  const registry = new InMemorySchemaRegistry()
  const id = await registry.register('s', { schemaType: 'PROTOBUF', schema: proto })
  expect(id).toBe(1)
  const decoder = new ChangeDecoder({ ...options, registry })
  const record = { key: null, value: Uint8Array.from(bytes), headers }
  await decoder.prepare(record)
  return decoder.decode(record)
}

const change = { op: 'c', nullsMayBeZero: true, after: { id: 7, tags: new Map([[5, 'x']]) } }

test('a message before the payload names its type', async () => {
  const options = { framing: 'apicurio-auto', apicurioProtobufRef: true } as const
  expect(await decode([0, 0, 0, 0, 1, ...ref, ...body], options)).toMatchObject(change)
  expect(await decode([0, 0, 0, 0, 0, 0, 0, 0, 1, ...ref, ...body], options)).toMatchObject(change)
})

test('a header names it', async () => {
  const headers = [
    { key: 'apicurio.value.globalId', value: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) },
    { key: 'apicurio.value.protobuf.type', value: utf8.encode('a.b.Envelope') },
  ]
  expect(await decode(body, {}, headers)).toMatchObject(change)
})

test('without either it is the first of the file', async () => {
  const wide = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0x08, 7]
  expect(await decode(wide, { framing: 'apicurio-auto', plainRows: true })).toMatchObject({
    after: { x: 7 },
  })
})

test('what cannot be read is refused by name', async () => {
  const unknown = [3, 0x0a, 1, 0x78]
  const options = { apicurioProtobufRef: true }
  await expect(decode([0, 0, 0, 0, 1, ...unknown, ...body], options)).rejects.toThrow(/message x/)
  const glue = [3, 0, ...Array.from({ length: 16 }, (_, i) => i), 1]
  await expect(decode(glue, {})).rejects.toThrow(/Glue/)
  const headers = [{ key: 'apicurio.value.artifactId', value: utf8.encode('a') }]
  await expect(decode(body, {}, headers)).rejects.toThrow(/artifact/)
})
