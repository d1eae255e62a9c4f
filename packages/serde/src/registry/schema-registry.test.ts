import { expect, test } from 'vitest'

import { InMemorySchemaRegistry, type SchemaRegistryEvent } from './in-memory-schema-registry.ts'
import { SchemaRegistryClient } from './schema-registry-client.ts'
import type { SchemaDefinition } from './schema-registry.ts'

const record = (...fields: object[]): SchemaDefinition => ({
  schemaType: 'AVRO',
  schema: JSON.stringify({ type: 'record', name: 'R', fields }),
})
const A = { name: 'a', type: 'int' }
const B = { name: 'b', type: 'int' }

test('the same schema has one id in all subjects, and one version in each', async () => {
  const registry = new InMemorySchemaRegistry()
  expect(await registry.register('s', record(A))).toBe(1)
  expect(await registry.register('s', { ...record(A), schema: ` ${record(A).schema} ` })).toBe(1)
  expect(await registry.register('t', record(A))).toBe(1)
  expect(await registry.versions('s')).toEqual([1])
  expect(await registry.lookup('s', record(B))).toBeUndefined()
  expect(await registry.subjects()).toEqual(['s', 't'])
})

test('an incompatible schema is refused with code 409 and the field', async () => {
  const registry = new InMemorySchemaRegistry()
  await registry.register('s', record(A))
  await expect(registry.register('s', record(A, B))).rejects.toMatchObject({
    errorCode: 409,
    message: expect.stringContaining('"b"') as string,
  })
  expect(await registry.compatible('s', record(A, { ...B, default: 0 }))).toBe(true)
  await registry.setCompatibility('NONE', 's')
  expect(await registry.register('s', record(A, B))).toBe(2)
})

test('what is missing or invalid has the codes of the API', async () => {
  const registry = new InMemorySchemaRegistry()
  await expect(registry.latest('s')).rejects.toMatchObject({ errorCode: 40401, status: 404 })
  await registry.register('s', record(A))
  await expect(registry.version('s', 2)).rejects.toMatchObject({ errorCode: 40402 })
  await expect(registry.schemaById(9)).rejects.toMatchObject({ errorCode: 40403 })
  await expect(
    registry.register('s', { schemaType: 'AVRO', schema: '{"type":"x"}' }),
  ).rejects.toMatchObject({ errorCode: 42201 })
})

test('references are resolved, and must be there', async () => {
  const registry = new InMemorySchemaRegistry()
  const outer: SchemaDefinition = {
    schemaType: 'AVRO',
    schema: '{"type":"array","items":"R"}',
    references: [{ name: 'R', subject: 'r', version: 1 }],
  }
  await expect(registry.register('s', outer)).rejects.toMatchObject({ errorCode: 42201 })
  await registry.register('r', record(A))
  expect(await registry.register('s', outer)).toBe(2)
})

test('a registry of kept events is the same registry', async () => {
  const events: SchemaRegistryEvent[] = []
  const journal = {
    append: (event: SchemaRegistryEvent) => {
      events.push(structuredClone(event))
      return Promise.resolve()
    },
  }
  const first = new InMemorySchemaRegistry({ journal })
  await first.register('s', record(A))
  await first.register('gone', record(B))
  await first.deleteSubject('gone')
  const second = new InMemorySchemaRegistry({ events })
  expect(await second.latest('s')).toEqual(await first.latest('s'))
  expect(await second.schemaById(2)).toMatchObject(record(B))
  expect(await second.subjects()).toEqual(['s'])
  expect(await second.register('u', record(A, B))).toBe(3)
})

test('a schema that the journal did not take is not registered', async () => {
  const registry = new InMemorySchemaRegistry({
    journal: { append: () => Promise.reject(new Error('full')) },
  })
  await expect(registry.register('s', record(A))).rejects.toThrow('full')
  expect(await registry.subjects()).toEqual([])
})

/** Answers in order; records the requests. */
function server(...answers: (Error | [number, unknown])[]) {
  const requests: string[] = []
  const answer = (url: string, init?: RequestInit): Promise<Response> => {
    requests.push(`${init?.method} ${url} ${(init?.body as string | undefined) ?? ''}`.trim())
    const next = answers.shift()
    if (next === undefined || next instanceof Error)
      return Promise.reject(next ?? new Error('no more answers'))
    return Promise.resolve(new Response(JSON.stringify(next[1]), { status: next[0] }))
  }
  const client = new SchemaRegistryClient({
    url: 'http://user:p%40ss@registry:8081/base/',
    fetch: answer as typeof fetch,
    retryBackoffMs: 0,
    retries: 2,
  })
  return { client, requests }
}

test('the client asks once for an id, however many ask', async () => {
  const { client, requests } = server([200, { schema: '"int"' }])
  const [a, b] = await Promise.all([client.schemaById(7), client.schemaById(7)])
  expect(a).toEqual({ id: 7, schemaType: 'AVRO', schema: '"int"' })
  expect(b).toBe(a)
  expect(await client.schemaById(7)).toBe(a)
  expect(requests).toEqual(['GET http://registry:8081/base/schemas/ids/7'])
})

test('the client tries again after 5xx and broken connections, never after 4xx', async () => {
  const { client, requests } = server(
    [503, {}],
    new Error('reset'),
    [200, { id: 4 }],
    [409, { error_code: 409, message: 'incompatible' }],
  )
  expect(await client.register('a/b', record(A))).toBe(4)
  expect(requests[2]).toMatch(/^POST http:\/\/registry:8081\/base\/subjects\/a%2Fb\/versions /)
  await expect(client.register('s', record(B))).rejects.toMatchObject({
    code: 'VARVE_SCHEMA_REGISTRY',
    errorCode: 409,
    status: 409,
  })
  expect(requests).toHaveLength(4)
})

test('the client gives up with an error that says so', async () => {
  const { client } = server(new Error('a'), new Error('b'), new Error('c'))
  await expect(client.latest('s')).rejects.toThrow('http://registry:8081/base does not answer')
})
