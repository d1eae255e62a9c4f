import { EmbeddedBroker } from '@varve/broker'
import { expect, test } from 'vitest'

import { createKafka, rangeAssignor } from './index.ts'

const enc = (s: string) => new TextEncoder().encode(s)
const dec = (b: Uint8Array | null) => (b === null ? null : new TextDecoder().decode(b))

test('smoke', async () => {
  await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
  await using kafka = createKafka({ transport: broker, requestDeadlineMs: 5000 })
  await kafka.admin.createTopic({ name: 't', partitionCount: 2 })
  await kafka.admin.createTopic({ name: 'out', partitionCount: 1 })
  const p = kafka.producer()
  const acks: unknown[] = []
  for (let i = 0; i < 100; i++)
    p.send({ topic: 't', key: enc(`k${i}`), value: enc(`v${i}`) }, (m) => acks.push(m))
  await p.flush()
  expect(acks.length).toBe(100)
  const c = kafka.consumer()
  c.assign([
    { topic: 't', partition: 0, offset: 0 },
    { topic: 't', partition: 1, offset: 0 },
  ])
  const got: string[] = []
  const t0 = performance.now()
  while (got.length < 100) {
    for (const f of await c.poll({ timeoutMs: 1000 }))
      for (const r of f.records) got.push(dec(r.value)!)
  }
  console.log(
    'polled in',
    performance.now() - t0,
    await kafka.admin.endOffsets([
      { topic: 't', partition: 0 },
      { topic: 't', partition: 1 },
    ]),
  )
  const tx = kafka.producer({ transactionalId: 'x' })
  await tx.init()
  const c2 = kafka.consumer()
  c2.assign([{ topic: 'out', partition: 0, offset: 0 }])
  tx.beginTransaction()
  tx.send({ topic: 'out', key: null, value: enc('aborted') })
  await tx.flush()
  await tx.abortTransaction()
  tx.beginTransaction()
  tx.send({ topic: 'out', key: null, value: enc('committed') })
  await tx.sendOffsets([{ topic: 't', partition: 0, offset: 7, metadata: 'st' }], {
    groupId: 'g',
    generationId: -1,
    memberId: '',
    groupInstanceId: null,
  })
  await tx.commitTransaction()
  const out = []
  while (out.length < 1)
    for (const f of await c2.poll({ timeoutMs: 1000 })) {
      console.log(f.nextOffset, f.records.length)
      for (const r of f.records) out.push(dec(r.value))
    }
  expect(out).toEqual(['committed'])
  expect(await kafka.admin.committedOffsets('g', [{ topic: 't', partition: 0 }])).toEqual([
    { topic: 't', partition: 0, offset: 7, metadata: 'st' },
  ])
  const events: string[] = []
  const mk = () =>
    kafka.groupMember({
      groupId: 'gm',
      topics: ['t'],
      assignors: [rangeAssignor],
      heartbeatIntervalMs: 100,
      sessionTimeoutMs: 1000,
      listener: {
        onAssigned: async (ps) => {
          events.push('assigned ' + ps.length)
        },
        onRevoked: async (ps) => {
          events.push('revoked ' + ps.length)
        },
        onLost: async (ps) => {
          events.push('lost ' + ps.length)
        },
        onError: (e) => {
          events.push('error ' + e)
        },
      },
    })
  const m1 = mk()
  await m1.start()
  const m2 = mk()
  await m2.start()
  console.log(events)
  await m2.close()
  await new Promise((r) => setTimeout(r, 400))
  console.log(events, m1.metadata())
  await m1.close()
  console.log(events)
})
