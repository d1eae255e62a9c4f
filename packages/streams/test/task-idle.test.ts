import { expect, it } from 'vitest'

import { memoryStateStorage, StreamsApplication, StreamsBuilder } from '../src/index.ts'
import { TestCluster, text } from './support.ts'

async function startJoin(cluster: TestCluster, taskIdleMsMax: number): Promise<StreamsApplication> {
  for (const name of ['orders', 'users', 'out'])
    await cluster.kafka.admin.createTopic({ name, partitionCount: 1 })
  const builder = new StreamsBuilder()
  const serdes = { keySerde: text, valueSerde: text }
  const users = builder.table('users', serdes)
  builder
    .stream('orders', serdes)
    .leftJoin(users, (order, user) => `${order} of ${user ?? 'nobody'}`)
    .to('out', serdes)
  const app = new StreamsApplication({
    applicationId: 'app',
    topology: builder.build(),
    kafka: cluster.kafka,
    storage: memoryStateStorage(),
    commitIntervalMs: 20,
    taskIdleMsMax,
  })
  await app.start()
  return app
}

const joined = async (cluster: TestCluster): Promise<string[]> =>
  (await cluster.readAll('out')).map(({ value }) => Buffer.from(value!).toString())

it('lets a record wait for the other input of its task as long as it was told to', async () => {
  await using cluster = await TestCluster.open()
  await using app = await startJoin(cluster, 600_000)
  await cluster.produce('orders', [['k', 'order', 5]])
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(app.metrics().recordsProcessed).toBe(0)
  // The second row is later than the order: nothing that could go before it is missing any more.
  await cluster.produce('users', [
    ['k', 'ann', 1],
    ['k', 'bob', 9],
  ])
  await expect.poll(() => joined(cluster), { timeout: 30_000 }).toEqual(['order of ann'])
})

it('goes on without the other input when the wait is over', async () => {
  await using cluster = await TestCluster.open()
  await using _app = await startJoin(cluster, 200)
  await cluster.produce('orders', [['k', 'order', 5]])
  await expect.poll(() => joined(cluster), { timeout: 30_000 }).toEqual(['order of nobody'])
})
