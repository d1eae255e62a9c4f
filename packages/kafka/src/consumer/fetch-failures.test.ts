import { TimeoutError } from '@varve/base'
import { createSeededRandom, VirtualClock } from '@varve/base/testing'
import { ErrorCode } from '@varve/kafka-protocol'
import { expect, test } from 'vitest'

import { KafkaError } from '../errors.ts'
import { FetchFailures } from './fetch-failures.ts'

const unknownTopic = new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'topic "t"')

test('pauses grow up to a second, and begin anew after a success', () => {
  const failures = new FetchFailures(new VirtualClock(), createSeededRandom(1))
  const pausesMs = Array.from({ length: 12 }, () => failures.nextPauseMs())
  expect(pausesMs[0]).toBeLessThanOrEqual(20)
  expect(pausesMs.at(-1)).toBeGreaterThanOrEqual(500)
  expect(Math.max(...pausesMs)).toBeLessThanOrEqual(1000)
  failures.succeeded()
  expect(failures.nextPauseMs()).toBeLessThanOrEqual(20)
})

test('what may heal is said only when nothing has succeeded for the whole time, and then once', async () => {
  const clock = new VirtualClock()
  const failures = new FetchFailures(clock, createSeededRandom(1))
  failures.failed(unknownTopic)
  await clock.advance(999)
  failures.failed(unknownTopic)
  failures.throwLasting(1000, 'the broker')
  await clock.advance(1)
  expect(() => failures.throwLasting(1000, 'the broker')).toThrow(TimeoutError)
  failures.throwLasting(1000, 'the broker')
})

test('what does not heal is said at once, and once', () => {
  const failures = new FetchFailures(new VirtualClock(), createSeededRandom(1))
  const error = new TypeError('no number')
  failures.failed(error)
  expect(() => failures.throwLasting(1000, 'the broker')).toThrow(error)
  failures.throwLasting(1000, 'the broker')
})
