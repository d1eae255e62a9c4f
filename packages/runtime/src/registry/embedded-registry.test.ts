import { EmbeddedBroker } from '@varve/broker'
import { createKafka } from '@varve/kafka'
import { expect, test } from 'vitest'

import { openEmbeddedRegistry } from './embedded-registry.ts'
import { inferColumns } from './infer-columns.ts'

const schema = JSON.stringify({
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'name', type: ['null', 'string'], default: null },
  ],
})

test('schemas and their ids are there again after a restart', async () => {
  await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
  await using kafka = createKafka({ transport: broker })
  let id: number
  {
    await using first = await openEmbeddedRegistry(kafka)
    id = await first.registry.register('t-value', { schemaType: 'AVRO', schema })
  }
  await using second = await openEmbeddedRegistry(kafka)
  expect(await second.registry.latest('t-value')).toMatchObject({ id, version: 1, schema })
})

test('columns are inferred in upper case; a subject without schema has none', async () => {
  await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
  await using kafka = createKafka({ transport: broker })
  await using embedded = await openEmbeddedRegistry(kafka)
  await embedded.registry.register('t-value', { schemaType: 'AVRO', schema })
  const request = { topic: 't', side: 'value', format: 'AVRO' } as const
  expect(await inferColumns(embedded.registry, request)).toEqual([
    { name: 'ID', type: { kind: 'INTEGER' } },
    { name: 'NAME', type: { kind: 'STRING' } },
  ])
  expect(await inferColumns(embedded.registry, { ...request, topic: 'u' })).toBeUndefined()
})
