import { describe, expect, it } from 'vitest'

import {
  hoppingWindows,
  sessionWindows,
  StreamsBuilder,
  timeWindowedSerde,
  sessionWindowedSerde,
  TopologyTestDriver,
  tumblingWindows,
  type KTable,
  type TopologyTestDriverOptions,
  type Windowed,
} from '../src/index.ts'
import { json, text } from './support.ts'

type Numbered = { readonly v: number }

const consumed = { keySerde: text, valueSerde: json<Numbered>() }

/** `key value@time`, one a line; `-` for null. */
function show(driver: TopologyTestDriver): string[] {
  return driver.readOutput().map(({ key, value, timestamp }) => {
    const shownKey = key === null ? '-' : Buffer.from(key).toString()
    return `${shownKey} ${value === null ? '-' : Buffer.from(value).toString()}@${timestamp}`
  })
}

function pipe(
  driver: TopologyTestDriver,
  topic: string,
  ...records: readonly (readonly [string | null, number | null, number])[]
): void {
  for (const [key, v, timestamp] of records) {
    driver.pipeInput(topic, {
      key: key === null ? null : Buffer.from(key),
      value: v === null ? null : Buffer.from(JSON.stringify({ v })),
      timestamp,
    })
  }
}

function drive(
  describeTopology: (builder: StreamsBuilder) => void,
  options?: TopologyTestDriverOptions,
): TopologyTestDriver {
  const builder = new StreamsBuilder()
  describeTopology(builder)
  return new TopologyTestDriver(builder.build(), options)
}

/** Writes windowed keys as `key[start,end]`. */
function windowedOut<V>(table: KTable<Windowed<string>, V>): void {
  table
    .toStream()
    .map(({ key, window }, value) => [`${key}[${window.start},${window.end}]`, value])
    .to('out', { keySerde: text, valueSerde: json<V | null>() })
}

describe('stateless operators', () => {
  it('filters, maps and keeps headers and time', () => {
    using driver = drive((builder) => {
      builder
        .stream('in', consumed)
        .filter((_key, value) => value.v > 1)
        .mapValues((value) => ({ v: value.v * 10 }))
        .selectKey((key, value) => `${key}-${value.v}`)
        .to('out', { keySerde: text, valueSerde: json<Numbered>() })
    })
    const headers = [{ key: 'h', value: Buffer.from('x') }]
    pipe(driver, 'in', ['a', 1, 5])
    driver.pipeInput('in', {
      key: Buffer.from('a'),
      value: Buffer.from('{"v":2}'),
      timestamp: 6,
      headers,
    })
    const [record] = driver.readOutput()
    expect(record).toMatchObject({ timestamp: 6, headers })
    expect(Buffer.from(record!.key!).toString()).toBe('a-20')
  })

  it('skips what does not decode and says where', () => {
    using driver = drive((builder) => builder.stream('in', consumed).to('out'))
    driver.pipeInput('in', { key: null, value: Buffer.from('{'), timestamp: 1 })
    pipe(driver, 'in', ['a', 1, -5], ['a', 1, 3])
    expect(show(driver)).toEqual(['a {"v":1}@3'])
    expect(driver.skipped.map(({ offset, reason }) => [offset, reason])).toEqual([
      [0, 'undecodable-value'],
      [1, 'invalid-timestamp'],
    ])
  })

  it('cuts sub-topologies at repartition topics and describes them', () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { ...consumed, name: 'source' })
      .groupBy((_key, value) => String(value.v), { ...consumed, name: 'by-v' })
      .count({ store: 'counts', valueSerde: json<number>() }, { name: 'count' })
    const topology = builder.build()
    expect(topology.subTopologies.map((sub) => sub.sourceTopics)).toEqual([
      ['in'],
      ['by-v-repartition'],
    ])
    expect(topology.describe()).toBe(
      [
        'Topologies:',
        '   Sub-topology: 0',
        '    Source: source (topics: [in])',
        '      --> by-v-key-select',
        '    Processor: by-v-key-select (stores: [])',
        '      --> by-v-repartition-filter',
        '      <-- source',
        '    Processor: by-v-repartition-filter (stores: [])',
        '      --> by-v-repartition-sink',
        '      <-- by-v-key-select',
        '    Sink: by-v-repartition-sink (topic: by-v-repartition)',
        '      <-- by-v-repartition-filter',
        '   Sub-topology: 1',
        '    Source: by-v-repartition-source (topics: [by-v-repartition])',
        '      --> count',
        '    Processor: count (stores: [counts])',
        '      --> none',
        '      <-- by-v-repartition-source',
        '',
      ].join('\n'),
    )
  })
})

describe('tables', () => {
  it('joins a stream with the row of now, whatever its time', () => {
    using driver = drive((builder) => {
      const table = builder.table('table', consumed)
      builder
        .stream('in', consumed)
        .leftJoin(table, (left, right) => ({ l: left.v, r: right?.v ?? null }))
        .to('out', { valueSerde: json() })
    })
    pipe(driver, 'in', ['a', 1, 1])
    pipe(driver, 'table', ['a', 7, 100], ['a', 8, 50])
    pipe(driver, 'in', ['a', 2, 2])
    pipe(driver, 'table', ['a', null, 101])
    pipe(driver, 'in', ['a', 3, 3])
    expect(show(driver)).toEqual([
      'a {"l":1,"r":null}@1',
      'a {"l":2,"r":8}@2',
      'a {"l":3,"r":null}@3',
    ])
  })

  it('asks both sides of a join for old values when what follows wants them, also where its rows are kept', () => {
    for (const isFiltered of [false, true]) {
      using driver = drive((builder) => {
        const left = builder.table('left', consumed, { store: 'l', valueSerde: json<Numbered>() })
        const right = builder.table('right', consumed).filter((_key, value) => value.v === 5)
        const joined = left.leftJoin(right, (l, r) => ({ v: (l?.v ?? 0) + (r?.v ?? 0) }), {
          materialized: { store: 'joined', valueSerde: json<Numbered>() },
        })
        const shown = isFiltered ? joined.filter(() => true) : joined
        shown.toStream().to('out', { valueSerde: json<Numbered | null>() })
      })
      pipe(driver, 'left', ['a', 1, 1])
      // Never passed the filter on the right: with old values nothing reaches the join.
      pipe(driver, 'right', ['a', 3, 9])
      expect(show(driver)).toEqual(isFiltered ? ['a {"v":1}@1'] : ['a {"v":1}@1', 'a {"v":1}@9'])
    }
  })

  it('sends nothing for a row that never passed when old values are asked for', () => {
    for (const oldValues of [true, false]) {
      using driver = drive((builder) => {
        builder
          .table('table', consumed)
          .filter((_key, value) => value.v > 1, { oldValues })
          .toStream()
          .to('out', { valueSerde: json<Numbered | null>() })
      })
      pipe(driver, 'table', ['a', 1, 1], ['a', 2, 2], ['a', 1, 3])
      const out = ['a {"v":2}@2', 'a -@3']
      expect(show(driver)).toEqual(oldValues ? out : ['a -@1', ...out])
    }
  })

  it('takes a moved row out of its old group first', () => {
    using driver = drive((builder) => {
      builder
        .table('table', consumed)
        .groupBy((_key, value) => [value.v > 5 ? 'high' : 'low', value], {
          ...consumed,
          name: 'level',
        })
        .aggregate<number>(
          () => 0,
          (_key, value, sum) => sum + value.v,
          (_key, value, sum) => sum - value.v,
          { store: 'sums', valueSerde: json<number>() },
        )
        .toStream()
        .to('out', { valueSerde: json<number | null>() })
    })
    pipe(driver, 'table', ['a', 1, 1], ['b', 2, 2], ['a', 9, 3], ['b', null, 4])
    expect(show(driver)).toEqual(['low 1@1', 'low 3@2', 'low 2@3', 'high 9@3', 'low 0@4'])
  })

  it('holds back intermediate results in a cache until the commit', () => {
    using driver = drive(
      (builder) => {
        builder
          .stream('in', consumed)
          .groupByKey()
          .count({ store: 'counts', valueSerde: json<number>() })
          .toStream()
          .to('out', { valueSerde: json<number | null>() })
      },
      { cacheBytesMax: 1_000_000 },
    )
    pipe(driver, 'in', ['a', 1, 1], ['b', 1, 2], ['a', 1, 3])
    expect(show(driver)).toEqual([])
    expect(driver.store<string, number>('counts').get('a')?.value).toBe(2)
    driver.commit()
    expect(show(driver)).toEqual(['b 1@2', 'a 2@3'])
  })
})

describe('windows', () => {
  it('counts per tumbling window and drops what is late', () => {
    using driver = drive((builder) => {
      windowedOut(
        builder
          .stream('in', consumed)
          .groupByKey()
          .windowedBy(tumblingWindows({ sizeMs: 10, graceMs: 5 }))
          .count({ store: 'counts', valueSerde: json<number>() }),
      )
    })
    pipe(driver, 'in', ['a', 1, 1], ['a', 1, 14], ['a', 1, 9], ['a', 1, 15], ['a', 1, 9])
    expect(show(driver)).toEqual(['a[0,10] 1@1', 'a[10,20] 1@14', 'a[0,10] 2@9', 'a[10,20] 2@15'])
    expect(driver.drops.get('late')).toBe(1)
  })

  it('updates hopping windows from the earliest to the latest', () => {
    using driver = drive((builder) => {
      windowedOut(
        builder
          .stream('in', consumed)
          .groupByKey()
          .windowedBy(hoppingWindows({ sizeMs: 10, advanceMs: 5, graceMs: 0 }))
          .count({ store: 'counts', valueSerde: json<number>() }),
      )
    })
    pipe(driver, 'in', ['a', 1, 7])
    expect(show(driver)).toEqual(['a[0,10] 1@7', 'a[5,15] 1@7'])
  })

  it('merges sessions and deletes those it replaced', () => {
    using driver = drive((builder) => {
      windowedOut(
        builder
          .stream('in', consumed)
          .groupByKey()
          .windowedBySession(sessionWindows({ gapMs: 5, graceMs: 100 }))
          .count({ store: 'counts', valueSerde: json<number>() }),
      )
    })
    pipe(driver, 'in', ['a', 1, 1], ['a', 1, 10], ['a', 1, 5])
    expect(show(driver)).toEqual([
      'a[1,1] 1@1',
      'a[10,10] 1@10',
      'a[1,1] -@1',
      'a[10,10] -@10',
      'a[1,10] 3@10',
    ])
    expect([...driver.windowStore<string, number>('counts').fetch('a')]).toEqual([
      { key: { key: 'a', window: { start: 1, end: 10 } }, value: 3, timestamp: 10 },
    ])
  })

  it('sends a window once when it closed', () => {
    using driver = drive((builder) => {
      windowedOut(
        builder
          .stream('in', consumed)
          .groupByKey()
          .windowedBy(tumblingWindows({ sizeMs: 10, graceMs: 0, retentionMs: 1_000 }))
          .emitStrategy('close')
          .count({ store: 'counts', valueSerde: json<number>() }),
      )
    })
    pipe(driver, 'in', ['a', 1, 1], ['b', 1, 2], ['a', 1, 3], ['c', 1, 25])
    expect(show(driver)).toEqual(['a[0,10] 2@3', 'b[0,10] 1@2'])
  })

  it('writes windowed keys as Kafka Streams does', () => {
    const time = timeWindowedSerde(text, 10)
    const bytes = time.serialize({ key: 'a', window: { start: 258, end: 268 } })
    expect([...bytes!]).toEqual([97, 0, 0, 0, 0, 0, 0, 1, 2])
    expect(time.deserialize(bytes)).toEqual({ key: 'a', window: { start: 258, end: 268 } })
    const session = sessionWindowedSerde(text)
    const key = { key: 'a', window: { start: 1, end: 2 } }
    expect(session.deserialize(session.serialize(key))).toEqual(key)
  })
})
