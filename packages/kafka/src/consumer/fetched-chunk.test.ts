import { CorruptionError } from '@varve/base'
import { encodeControlBatch, RecordBatchBuilder } from '@varve/kafka-protocol'
import { expect, test } from 'vitest'

import type { ConsumerRecord } from '../client.ts'
import { FetchedChunk } from './fetched-chunk.ts'

const utf8 = new TextEncoder()

function batch(baseOffset: number, values: readonly string[], producerId = -1): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const value of values) builder.append(0, null, utf8.encode(value))
  return builder.build({
    baseOffset,
    producerId,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: producerId >= 0,
  })
}

function marker(baseOffset: number, kind: 'abort' | 'commit', producerId: number): Uint8Array {
  return encodeControlBatch({
    kind,
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestampMs: 0,
    baseOffset,
  })
}

function chunk(
  parts: readonly Uint8Array[],
  options: {
    readonly position?: number
    readonly aborted?: { producerId: number; firstOffset: number }[]
  } = {},
): FetchedChunk {
  return new FetchedChunk({
    topic: 't',
    partition: 0,
    bytes: new Uint8Array(Buffer.concat(parts)),
    position: options.position ?? 0,
    aborted: options.aborted,
  })
}

function readAll(from: FetchedChunk): string[] {
  const records: ConsumerRecord[] = []
  while (from.read(records, 2));
  return records.map((r) => `${r.offset}:${new TextDecoder().decode(r.value!)}`)
}

test('aborted batches are left out until the abort marker of their producer', () => {
  const read = chunk(
    [
      batch(0, ['a'], 1),
      batch(1, ['b'], 2),
      marker(2, 'abort', 1),
      batch(3, ['c'], 1),
      marker(4, 'commit', 2),
      batch(5, ['d']),
    ],
    { aborted: [{ producerId: 1, firstOffset: 0 }] },
  )
  expect(readAll(read)).toEqual(['1:b', '3:c', '5:d'])
  expect(read.position).toBe(6)
})

test('the position counts markers and what compaction took away', () => {
  const holes = new RecordBatchBuilder()
  holes.append(0, null, utf8.encode('x'), [], 2)
  const compacted = holes.build({ baseOffset: 10, lastOffsetDelta: 7 })
  const empty = new RecordBatchBuilder().build({ baseOffset: 18, lastOffsetDelta: 4 })
  const read = chunk([compacted, empty, marker(23, 'commit', 1)], { position: 10 })
  expect(readAll(read)).toEqual(['12:x'])
  expect(read.position).toBe(24)
})

test('what lies below the position and what is cut off is not handed out', () => {
  const last = batch(7, ['later'])
  const read = chunk([batch(4, ['a', 'b', 'c']), last.subarray(0, last.length - 1)], {
    position: 5,
  })
  expect(readAll(read)).toEqual(['5:b', '6:c'])
  expect(read.position).toBe(7)
})

test('a damaged batch is an error at its place, after what is whole', () => {
  const damaged = batch(1, ['b'])
  damaged[damaged.length - 2]! ^= 1
  const read = chunk([batch(0, ['a']), damaged])
  const records: ConsumerRecord[] = []
  expect(() => read.read(records, 10)).toThrow(CorruptionError)
  expect(records.map((r) => r.offset)).toEqual([0])
  expect(read.position).toBe(1)
})
