import { CorruptionError, UnsupportedError } from '@varve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { compressionNames } from './batch-format.ts'
import {
  batchCrcMatches,
  readBatchHeader,
  readBatchHeaders,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchLogAppendTime,
} from './batch-header.ts'
import { decodeControlRecord, encodeControlBatch } from './control-record.ts'
import { filterRecordBatch } from './filter-batch.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'
import { decodeRecordBatch } from './record-batch.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

function smallBatch(): Uint8Array {
  const builder = new RecordBatchBuilder()
  builder.append(1000, bytes('k'), bytes('v'))
  builder.append(1001, null, bytes('w'), [{ key: 'h', value: null }])
  return builder.build({ producerId: 7, producerEpoch: 1, baseSequence: 5, isTransactional: true })
}

test('the bytes of a small batch', () => {
  expect(hex(smallBatch().subarray(21))).toBe(
    '0010' + // attributes: transactional
      '00000001' + // last offset delta
      '00000000000003e8' +
      '00000000000003e9' +
      '0000000000000007' +
      '0001' +
      '00000005' +
      '00000002' +
      // length 8, attributes, timestamp delta, offset delta, key, value, no headers
      '10000000026b027600' +
      '1400020201027702026801',
  )
})

const record = fc.record({
  timestamp: fc.oneof(
    fc.integer(),
    fc.integer({ min: -(2 ** 40), max: 2 ** 45 }),
    fc.constantFrom(0, -1, 253402300799000),
  ),
  key: fc.option(fc.uint8Array({ maxLength: 40 })),
  value: fc.option(fc.uint8Array({ maxLength: 300 })),
  headers: fc.array(
    fc.record({ key: fc.string(), value: fc.option(fc.uint8Array({ maxLength: 20 })) }),
    { maxLength: 3 },
  ),
})

test.each(compressionNames)('records survive the round trip with compression %s', (compression) => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), (records) => {
      const builder = new RecordBatchBuilder({ initialBytes: 0 })
      for (const r of records) builder.append(r.timestamp, r.key, r.value, r.headers)
      const encoded = builder.build({ compression, baseOffset: 100 })
      const batch = decodeRecordBatch(encoded)
      expect(batch.header).toMatchObject({
        baseOffset: 100,
        lastOffset: 99 + records.length,
        recordCount: records.length,
        maxTimestamp: Math.max(...records.map((r) => r.timestamp)),
        compression,
        sizeBytes: encoded.length,
      })
      expect(
        [...batch].map((r) => ({
          ...r,
          key: r.key && new Uint8Array(r.key),
          value: r.value && new Uint8Array(r.value),
          headers: r.headers.map((h) => ({
            key: h.key,
            value: h.value && new Uint8Array(h.value),
          })),
        })),
      ).toEqual(records.map((r, i) => ({ ...r, offset: 100 + i })))
    }),
    { numRuns: 60 },
  )
})

test('any flipped bit under the CRC is found', () => {
  const batch = smallBatch()
  for (let at = 17; at < batch.length; at++) {
    const damaged = new Uint8Array(batch)
    damaged[at]! ^= 1
    expect(batchCrcMatches(damaged)).toBe(false)
    expect(() => [...decodeRecordBatch(damaged)]).toThrow()
  }
})

test('lengths that lie are a corruption error even where the CRC is not checked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 57, max: smallBatch().length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      (at, byte) => {
        const damaged = smallBatch()
        damaged[at] = byte
        try {
          for (const r of decodeRecordBatch(damaged, 0, { checkCrc: false })) void r.headers
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptionError)
        }
      },
    ),
  )
})

test('base offset and leader epoch change in place without touching the CRC', () => {
  const batch = smallBatch()
  setBatchBaseOffset(batch, 0, 2 ** 40)
  setBatchLeaderEpoch(batch, 0, 3)
  expect(batchCrcMatches(batch)).toBe(true)
  expect([...decodeRecordBatch(batch)].map((r) => r.offset)).toEqual([2 ** 40, 2 ** 40 + 1])
  expect(readBatchHeader(batch)?.leaderEpoch).toBe(3)
})

test('log-append time is the time of every record', () => {
  const batch = smallBatch()
  setBatchLogAppendTime(batch, 0, 777_777)
  expect([...decodeRecordBatch(batch)].map((r) => r.timestamp)).toEqual([777_777, 777_777])
})

test('a batch that is cut off ends the run of batches without an error', () => {
  const one = smallBatch()
  const run = new Uint8Array(one.length * 3 - 1)
  run.set(one)
  run.set(one, one.length)
  run.set(one.subarray(0, one.length - 1), one.length * 2)
  expect([...readBatchHeaders(run)].map((b) => b.position)).toEqual([0, one.length])
  expect(() => decodeRecordBatch(run, one.length * 2)).toThrow(/cut off/)
})

test('older formats are refused by name', () => {
  const batch = smallBatch()
  batch[16] = 1
  expect(() => readBatchHeader(batch)).toThrow(UnsupportedError)
})

test('a marker is 78 bytes and says how its transaction ended', () => {
  const marker = encodeControlBatch({
    kind: 'commit',
    producerId: 9,
    producerEpoch: 2,
    coordinatorEpoch: 4,
    timestampMs: 5,
    baseOffset: 12,
  })
  expect(marker.length).toBe(78)
  const batch = decodeRecordBatch(marker)
  expect(batch.header).toMatchObject({ isControl: true, isTransactional: true, baseSequence: -1 })
  expect([...batch].map(decodeControlRecord)).toEqual([{ kind: 'commit', coordinatorEpoch: 4 }])
})

test('filtering keeps offsets, sequences and the last offset', () => {
  const builder = new RecordBatchBuilder()
  for (let i = 0; i < 5; i++) builder.append(100 + i, bytes(`k${i}`), bytes('v'))
  const batch = builder.build({ baseOffset: 40, baseSequence: 3, compression: 'gzip' })
  const odd = filterRecordBatch(batch, 0, (r) => r.offset % 2 === 1)
  expect(odd).toMatchObject({ kept: 2, dropped: 3 })
  const decoded = decodeRecordBatch(odd.bytes)
  expect([...decoded].map((r) => [r.offset, r.timestamp])).toEqual([
    [41, 101],
    [43, 103],
  ])
  expect(decoded.header).toMatchObject({ lastOffset: 44, baseSequence: 3, maxTimestamp: 103 })
  const empty = filterRecordBatch(batch, 0, () => false)
  expect([...decodeRecordBatch(empty.bytes)]).toEqual([])
  expect(readBatchHeader(empty.bytes)).toMatchObject({ lastOffset: 44, recordCount: 0 })
  expect(filterRecordBatch(batch, 0, () => true).bytes).toEqual(batch)
})
