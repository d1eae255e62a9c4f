import { expect, test } from 'vitest'

import type { JsonObject } from '../src/json/json-value.ts'
import { parseJson } from '../src/json/parse-json.ts'
import { runQueryCase } from '../src/query-cases/run-query-case.ts'
import { expandCase } from '../src/suite/load-suite.ts'

/** Runs a case given as an object; resolves to the reason of its failure, `undefined` when it passes. */
async function verdict(source: object): Promise<string | undefined> {
  const json = parseJson(JSON.stringify({ name: 'c', ...source })) as JsonObject
  const [testCase] = expandCase('qtt', 'own.json', json, new Map(), undefined)
  try {
    const { checks } = await runQueryCase(testCase!)
    return checks > 0 ? undefined : 'nothing was checked'
  } catch (error) {
    return (error as Error).message
  }
}

const pens = {
  statements: [
    "CREATE STREAM pens (maker VARCHAR KEY, colour VARCHAR, price DECIMAL(5, 2)) WITH (kafka_topic='pens', value_format='JSON');",
    'CREATE STREAM dear AS SELECT maker, colour, price FROM pens WHERE price > 2.00;',
  ],
  inputs: [
    { topic: 'pens', key: 'ada', value: { colour: 'blue', price: 2.5 }, timestamp: 10 },
    { topic: 'pens', key: 'bob', value: { colour: 'red', price: 1.25 }, timestamp: 20 },
    {
      topic: 'pens',
      key: 'cyd',
      value: { colour: 'green', price: 9.75 },
      timestamp: 30,
      headers: [{ KEY: 'from', VALUE: 'aGVyZQ==' }],
    },
  ],
  outputs: [
    { topic: 'DEAR', key: 'ada', value: { COLOUR: 'blue', PRICE: '2.50' }, timestamp: 10 },
    {
      topic: 'DEAR',
      key: 'cyd',
      value: { COLOUR: 'green', PRICE: '9.75' },
      timestamp: 30,
      headers: [{ KEY: 'from', VALUE: 'aGVyZQ==' }],
    },
  ],
}

function withOutput(i: number, change: object): object {
  return {
    ...pens,
    outputs: pens.outputs.map((output, at) => (at === i ? { ...output, ...change } : output)),
  }
}

test('a case whose records are all as expected passes', async () => {
  expect(await verdict(pens)).toBeUndefined()
})

test.each([
  ['a value', withOutput(0, { value: { COLOUR: 'black', PRICE: '2.50' } }), /value: \.COLOUR/],
  ['the scale of a decimal', withOutput(0, { value: { COLOUR: 'blue', PRICE: '2.5' } }), /PRICE/],
  ['an extra member', withOutput(0, { value: { COLOUR: 'blue', PRICE: '2.50', X: 1 } }), /value/],
  ['a missing member', withOutput(0, { value: { COLOUR: 'blue' } }), /value/],
  ['a tombstone', withOutput(0, { value: null }), /value/],
  ['a key', withOutput(1, { key: 'dan' }), /key/],
  ['a timestamp', withOutput(1, { timestamp: 31 }), /timestamp: expected 31, got 30/],
  ['a header', withOutput(1, { headers: [{ KEY: 'to', VALUE: 'aGVyZQ==' }] }), /headers/],
  ['headers that are not mentioned', withOutput(1, { headers: undefined }), /headers/],
  ['the order', { ...pens, outputs: pens.outputs.toReversed() }, /record 0/],
  ['one record too few', { ...pens, outputs: pens.outputs.slice(0, 1) }, /2 records, expected 1/],
  [
    'one record too many',
    { ...pens, outputs: [...pens.outputs, pens.outputs[0]] },
    /2 records, expected 3/,
  ],
  ['silence', { ...pens, outputs: [] }, /expected none/],
  ['another topic', withOutput(0, { topic: 'CHEAP' }), /topic/],
])('altering %s fails the case', async (_what, source, reason) => {
  expect(await verdict(source)).toMatch(reason)
})

const visits = {
  statements: [
    "CREATE STREAM visits (guest VARCHAR KEY, room INT) WITH (kafka_topic='visits', value_format='JSON');",
    'CREATE TABLE per_ten AS SELECT guest, COUNT(*) AS n FROM visits WINDOW TUMBLING (SIZE 10 MILLISECONDS) GROUP BY guest;',
  ],
  inputs: [
    { topic: 'visits', key: 'eve', value: { room: 1 }, timestamp: 3 },
    { topic: 'visits', key: 'eve', value: { room: 2 }, timestamp: 12 },
  ],
}

function visited(window: object | undefined): object {
  const record = { topic: 'PER_TEN', key: 'eve', value: { N: 1 } }
  return {
    ...visits,
    outputs: [
      { ...record, window: { start: 0, end: 10, type: 'time' } },
      { ...record, ...(window === undefined ? {} : { window }) },
    ],
  }
}

test('windows of keys are compared', async () => {
  expect(await verdict(visited({ start: 10, end: 20, type: 'time' }))).toBeUndefined()
})

test.each([
  ['its start', { start: 11, end: 20, type: 'time' }],
  ['its end', { start: 10, end: 21, type: 'time' }],
  ['its type', { start: 10, end: 20, type: 'session' }],
  ['it away', undefined],
])('altering a window by %s fails the case', async (_what, window) => {
  expect(await verdict(visited(window))).toMatch(/record 1 of topic "PER_TEN": key/)
})

const wrong = {
  statements: [pens.statements[0], 'CREATE STREAM dear AS SELECT maker, weight FROM pens;'],
}

test('an error that is expected passes, by kind and by part of its text', async () => {
  const message = "column 'WEIGHT' cannot be resolved"
  for (const type of ['KsqlStatementException', 'KsqlException']) {
    expect(await verdict({ ...wrong, expectedException: { type, message } })).toBeUndefined()
  }
})

test.each([
  ['other words', { type: 'KsqlException', message: "column 'HEIGHT' cannot be resolved" }],
  ['another kind', { type: 'ParseFailedException', message: 'cannot be resolved' }],
  ['a failure of records', { type: 'StreamsException', message: 'cannot be resolved' }],
])('an error with %s fails the case', async (_what, expectedException) => {
  expect(await verdict({ ...wrong, expectedException })).toMatch(/^expected/)
})

test('an error that does not come fails the case', async () => {
  const statements = pens.statements
  const expectedException = { type: 'KsqlException', message: 'cannot' }
  expect(await verdict({ statements, expectedException })).toMatch(/no error was raised/)
})

test('an error in an earlier statement than the last fails the case', async () => {
  const statements = [...wrong.statements, 'DROP STREAM pens;']
  const expectedException = { type: 'KsqlException', message: 'cannot be resolved' }
  expect(await verdict({ statements, expectedException })).toMatch(/before the last/)
})

test('an error that is not expected fails the case', async () => {
  expect(await verdict(wrong)).toMatch(/a statement failed/)
})

test('the description of a source is compared: schema, kind, format and window', async () => {
  const post = (source: object): object => ({
    ...visited({ start: 10, end: 20, type: 'time' }),
    post: { sources: [{ name: 'PER_TEN', type: 'table', ...source }] },
  })
  const right = { schema: 'guest STRING PRIMARY KEY, N BIGINT' }
  expect(await verdict(post(right))).toBeUndefined()
  expect(await verdict(post({ schema: 'guest STRING KEY, N INT' }))).toMatch(/schema/)
  expect(await verdict(post({ schema: 'N BIGINT, guest STRING KEY' }))).toMatch(/schema/)
  expect(await verdict(post({ type: 'stream' }))).toMatch(/is a TABLE/)
  expect(await verdict(post({ valueFormat: 'AVRO' }))).toMatch(/value format/)
  expect(await verdict(post({ keyFormat: { format: 'KAFKA' } }))).toMatch(/window/)
})
