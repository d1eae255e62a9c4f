import { expect, test } from 'vitest'

import { startServer } from '../server/index.ts'
import { Engine } from './engine.ts'

const script = `
  CREATE STREAM given (k STRING KEY, v INT) WITH (kafka_topic='given', partitions=1, value_format='json');
  CREATE STREAM kept AS SELECT * FROM given;
  CREATE TABLE gone WITH (kafka_topic='gone', value_format='AVRO') AS SELECT k, COUNT(*) AS n FROM given GROUP BY k;`

const names = async (engine: Engine): Promise<string[]> =>
  (await engine.kafka.admin.listTopics()).map(({ name }) => name).sort()

test('a terminated service has no queries, no command topic, and none of the topics named', async () => {
  await using engine = await Engine.open({ directory: ':memory:' })
  await engine.execute(script)
  await engine.insert('given', { k: 'a', v: 1 })
  await engine.query('SELECT * FROM gone;', { consistency: engine.position() })
  expect(await engine.schemaRegistry.subjects()).toContain('gone-value')
  await engine.terminateCluster({ deleteTopics: ['go.*', 'giv.*'] })
  expect(engine.status).toBe('terminated')
  expect(engine.queries).toEqual([])
  // The registry's own topic stays with what else uses the broker.
  expect(await names(engine)).toEqual([
    'KEPT',
    '__consumer_offsets',
    '__transaction_state',
    '_schemas',
    'given',
  ])
  expect(await engine.schemaRegistry.subjects()).toEqual([])
  await expect(engine.execute('SHOW STREAMS;')).rejects.toMatchObject({ reason: 'terminated' })
})

test('a pattern that is none is refused, and the service goes on', async () => {
  await using engine = await Engine.open({ directory: ':memory:' })
  await engine.execute(script)
  await expect(engine.terminateCluster({ deleteTopics: ['('] })).rejects.toThrow('Invalid pattern')
  expect(engine.status).toBe('running')
})

test('over HTTP every later request is answered with 503', async () => {
  await using engine = await Engine.open({ directory: ':memory:' })
  await using server = await startServer({ engine, port: 0 })
  const url = `http://127.0.0.1:${server.port}`
  const post = (body: unknown): Promise<Response> =>
    fetch(`${url}/ksql/terminate`, { method: 'POST', body: JSON.stringify(body) })
  expect((await post({ deleteTopicList: 'x' })).status).toBe(400)
  const answer = await post({})
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject([{ commandStatus: { status: 'SUCCESS' } }])
  const later = await fetch(`${url}/info`)
  expect(later.status).toBe(503)
  expect(await later.json()).toMatchObject({ error_code: 50303 })
})
