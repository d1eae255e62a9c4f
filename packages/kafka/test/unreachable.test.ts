import { createServer, type AddressInfo } from 'node:net'

import { expect, test } from 'vitest'

import { connectKafka } from '../src/index.ts'

/** An address where nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}

test('a Kafka that is not there ends each call at its deadline with an error that names it', async () => {
  const address = await closedPort()
  await using kafka = connectKafka({ brokers: [address], requestDeadlineMs: 500 })
  const named = { code: 'VARVE_TIMEOUT', message: expect.stringContaining(address) as string }
  const start = performance.now()
  await expect(kafka.admin.listTopics()).rejects.toMatchObject(named)
  // Its own retries would go on for much longer.
  expect(performance.now() - start).toBeLessThan(15_000)
  await expect(kafka.producer({ transactionalId: 'x' }).init()).rejects.toMatchObject(named)
  const consumer = kafka.consumer()
  consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
  await expect(
    (async () => {
      for (;;) await consumer.poll({ timeoutMs: 100 })
    })(),
  ).rejects.toMatchObject(named)
  const producer = kafka.producer({ deliveryTimeoutMs: 300 })
  producer.send({ topic: 't', partition: 0, key: null, value: new Uint8Array(1) })
  await expect(producer.flush()).rejects.toMatchObject(named)
})

test('a node that accepts and never answers is not waited for beyond the deadline', async () => {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const address = `127.0.0.1:${port}`
  await using kafka = connectKafka({ brokers: [address], requestDeadlineMs: 500 })
  await expect(kafka.admin.listTopics()).rejects.toMatchObject({
    code: 'VARVE_TIMEOUT',
    message: expect.stringContaining(address) as string,
  })
  await kafka.close()
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})
