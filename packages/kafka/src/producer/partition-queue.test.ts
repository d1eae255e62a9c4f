import { RecordBatchBuilder, decodeRecordBatch } from '@varve/kafka-protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { IN_FLIGHT_MAX, PartitionQueue } from './partition-queue.ts'
import { advanceSequence, ProducerBatch } from './producer-batch.ts'

const identity = { producerId: 1, producerEpoch: 0 }
const plain = { compression: 'none', isTransactional: false } as const

function push(queue: PartitionQueue, values: readonly number[]): ProducerBatch {
  const builder = new RecordBatchBuilder()
  const batch = new ProducerBatch(queue.topic, queue.partition, 0, builder)
  for (const value of values) {
    builder.append(0, null, Uint8Array.of(value))
    batch.added(0, undefined)
  }
  queue.waiting.push(batch)
  return batch
}

test('sequences wrap to zero', () => {
  expect(advanceSequence(2147483646, 1)).toBe(2147483647)
  expect(advanceSequence(2147483647, 1)).toBe(0)
})

test('one batch goes alone until the broker knows the producer, then at most five', () => {
  const queue = new PartitionQueue('t', 0)
  for (let index = 0; index < 10; index++) push(queue, [index])
  const first = queue.take(identity)
  expect(queue.canSend(0)).toBe(false)
  queue.acknowledge(first)
  let taken = 0
  while (queue.canSend(0)) {
    queue.take(identity)
    taken++
  }
  expect(taken).toBe(IN_FLIGHT_MAX)
})

/** A broker that accepts exactly the next sequence, or says what it thinks of the batch first. */
type Verdict = 'answer' | 'lost-before' | 'lost-after' | 'too-large' | 'invalid'

test('whatever befalls the requests, the log holds each record that was not refused once and in order', () => {
  const verdict = fc.constantFrom<Verdict>(
    'answer',
    'answer',
    'lost-before',
    'lost-after',
    'too-large',
    'invalid',
  )
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
      fc.array(verdict, { maxLength: 60 }),
      fc.array(fc.nat(4), { maxLength: 60 }),
      (sizes, verdicts, picks) => {
        const queue = new PartitionQueue('t', 0)
        let value = 0
        for (const size of sizes)
          push(
            queue,
            Array.from({ length: size }, () => value++),
          )
        const log: number[] = []
        const written = new Set<number>()
        const refused = new Set<number>()
        let expected = 0
        let steps = 0
        while (!queue.isEmpty) {
          expect(steps++).toBeLessThan(2000)
          // Requests arrive in the order in which they are sent; their answers are seen in that order, too.
          const arrived: { batch: ProducerBatch; verdict: Verdict; code: 0 | 45 | 46 }[] = []
          const burst = 1 + (picks.shift() ?? 4)
          while (queue.canSend(0) && arrived.length < burst) {
            const batch = queue.take(identity)
            batch.encode(identity, plain)
            const fate = verdicts.shift() ?? 'answer'
            let code: 0 | 45 | 46 = 0
            if (fate === 'answer' || fate === 'lost-after') {
              if (written.has(batch.baseSequence)) code = 46
              else if (batch.baseSequence !== expected) code = 45
              else {
                written.add(batch.baseSequence)
                for (const r of decodeRecordBatch(batch.bytes)) log.push(r.value![0]!)
                expected += batch.recordCount
              }
            }
            arrived.push({ batch, verdict: fate, code })
          }
          for (const { batch, verdict: fate, code } of arrived) {
            if (fate === 'lost-before' || fate === 'lost-after') queue.putBack(batch)
            else if (fate === 'answer') {
              if (code !== 45) queue.acknowledge(batch)
              else {
                expect(queue.hasEarlier(batch)).toBe(true)
                queue.putBack(batch)
              }
            } else if (written.has(batch.baseSequence)) queue.acknowledge(batch)
            else if (batch.baseSequence !== expected) queue.putBack(batch)
            else if (fate === 'too-large' && queue.split(batch) !== undefined) continue
            else {
              for (const r of decodeRecordBatch(batch.bytes)) refused.add(r.value![0]!)
              queue.refuse(batch)
            }
          }
        }
        const all = Array.from({ length: value }, (_, index) => index)
        expect(log).toEqual(all.filter((v) => !refused.has(v)))
      },
    ),
    { numRuns: 300 },
  )
})
