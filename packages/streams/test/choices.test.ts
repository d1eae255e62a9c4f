import { describe, expect, it } from 'vitest'

import {
  sessionWindows,
  StreamsBuilder,
  TopologyTestDriver,
  tumblingWindows,
  type ClosedWindows,
  type StreamTableJoined,
} from '../src/index.ts'
import { json, text } from './support.ts'

const consumed = { keySerde: text, valueSerde: text }

/** Topologies are driven with `[topic, key, value, timestamp]`; outputs come as `key value@time`. */
function drive(
  describeTopology: (builder: StreamsBuilder) => void,
  records: readonly (readonly [string, string | null, string, number])[],
): string[] {
  const builder = new StreamsBuilder()
  describeTopology(builder)
  using driver = new TopologyTestDriver(builder.build())
  for (const [topic, key, value, timestamp] of records) {
    driver.pipeInput(topic, {
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(value),
      timestamp,
    })
  }
  return driver.readOutput().map(({ key, value, timestamp }) => {
    const shown = (bytes: Uint8Array | null): string =>
      bytes === null ? '-' : Buffer.from(bytes).toString()
    return `${shown(key)} ${shown(value)}@${timestamp}`
  })
}

describe('closed windows after a jump of time', () => {
  const materialized = (closedWindows: ClosedWindows | undefined) => ({
    store: 's',
    keySerde: text,
    valueSerde: json<number>(),
    ...(closedWindows === undefined ? {} : { closedWindows }),
  })
  const out = { keySerde: text, valueSerde: json<number | null>() }
  const jump = [
    ['in', 'a', 'x', 1],
    ['in', 'b', 'x', 12],
    ['in', 'c', 'x', 500_000],
  ] as const

  it.each([
    [undefined, ['a[0] 1@1']],
    ['exact', []],
    ['complete', ['a[0] 1@1', 'b[10] 1@12']],
  ] as const)('time windows, %s', (closedWindows, expected) => {
    const outputs = drive((builder) => {
      builder
        .stream('in', consumed)
        .groupByKey()
        .windowedBy(tumblingWindows({ sizeMs: 10, graceMs: 0 }))
        .emitStrategy('close')
        .count(materialized(closedWindows))
        .toStream()
        .map(({ key, window }, count) => [`${key}[${window.start}]`, count])
        .to('out', out)
    }, jump)
    expect(outputs).toEqual(expected)
  })

  it.each([
    [undefined, []],
    ['exact', []],
    ['complete', ['a[1,1] 1@1', 'b[12,12] 1@12']],
  ] as const)('sessions, %s', (closedWindows, expected) => {
    const outputs = drive((builder) => {
      builder
        .stream('in', consumed)
        .groupByKey()
        .windowedBySession(sessionWindows({ gapMs: 20, graceMs: 0 }))
        .emitStrategy('close')
        .count(materialized(closedWindows))
        .toStream()
        .map(({ key, window }, count) => [`${key}[${window.start},${window.end}]`, count])
        .to('out', out)
    }, jump)
    expect(outputs).toEqual(expected)
  })
})

describe('a null key that waits for a versioned table', () => {
  const join = (joined: StreamTableJoined<string, string>) => (builder: StreamsBuilder) => {
    const table = builder.table('t', consumed, {
      store: 'rows',
      valueSerde: text,
      historyMs: 100,
    })
    builder
      .stream('in', consumed)
      .leftJoin(table, (left, right) => `${left}+${right}`, { graceMs: 5, ...joined })
      .to('out', consumed)
  }
  const records = [
    ['t', 'a', 'row', 1],
    ['in', null, 'x', 2],
    ['in', 'a', 'y', 2],
    ['in', 'a', 'z', 20],
  ] as const

  it('ends the application', () => {
    expect(() => drive(join({}), records)).toThrow('cannot wait for a versioned table')
  })

  it('goes out unmatched when asked to', () => {
    expect(drive(join({ nullKeys: 'unmatched' }), records)).toEqual(['- x+null@2', 'a y+row@2'])
  })

  it('keeps headers of records that wait', () => {
    const builder = new StreamsBuilder()
    join({})(builder)
    using driver = new TopologyTestDriver(builder.build())
    const headers = [
      { key: 'h', value: Buffer.from('1') },
      { key: 'n', value: null },
    ]
    const record = (timestamp: number) => ({
      key: Buffer.from('a'),
      value: Buffer.from('x'),
      timestamp,
      headers,
    })
    driver.pipeInput('in', record(1))
    driver.pipeInput('in', record(10))
    const [first] = driver.readOutput()
    expect(
      first!.headers.map(({ key, value }) => [key, value && Buffer.from(value).toString()]),
    ).toEqual([
      ['h', '1'],
      ['n', null],
    ])
  })
})

it.each([
  [false, ['a l+r@0']],
  [true, ['a l+null@0']],
])('a null value makes earlier records of its side older: %s', (nullValuesAge, expected) => {
  const nullable = {
    serialize: (value: string | null) => (value === null ? null : text.serialize(value)),
    deserialize: (bytes: Uint8Array | null) => (bytes === null ? null : text.deserialize(bytes)),
  }
  const builder = new StreamsBuilder()
  const source = { keySerde: text, valueSerde: nullable }
  builder
    .stream('l', source)
    .joinStream(builder.stream('r', source), (left, right) => `${left}+${right}`, {
      type: 'left',
      windows: { beforeMs: 0, afterMs: 0, graceMs: 3 },
      nullValuesAge,
      keySerde: text,
      leftSerde: nullable,
      rightSerde: nullable,
    })
    .to('out', consumed)
  using driver = new TopologyTestDriver(builder.build())
  const pipe = (topic: string, value: string | null, timestamp: number): void =>
    driver.pipeInput(topic, {
      key: Buffer.from('a'),
      value: value === null ? null : Buffer.from(value),
      timestamp,
    })
  pipe('r', 'r', 0)
  pipe('r', null, 4)
  pipe('l', 'l', 0)
  const outputs = driver.readOutput().map(({ key, value, timestamp }) => {
    return `${Buffer.from(key!).toString()} ${Buffer.from(value!).toString()}@${timestamp}`
  })
  expect(outputs).toEqual(expected)
})

it('refuses a grace without a history that covers it, and a history where no table is', () => {
  const builder = new StreamsBuilder()
  const table = builder.table('t', consumed)
  const stream = builder.stream('in', consumed)
  expect(() => stream.join(table, (a) => a, { graceMs: 5 })).toThrow('must not exceed the history')
  expect(() =>
    stream.groupByKey().count({ store: 'c', valueSerde: json<number>(), historyMs: 5 }),
  ).toThrow('keeping the past in store "c"')
})
