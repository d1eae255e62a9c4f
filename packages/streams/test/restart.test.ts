import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, it } from 'vitest'

import {
  lsmStateStorage,
  memoryStateStorage,
  sessionWindows,
  StreamsApplication,
  StreamsBuilder,
  tumblingWindows,
  type StateStorage,
  type Topology,
  type Windowed,
} from '../src/index.ts'
import { json, TestCluster, text } from './support.ts'

const shown = ({ key, window }: Windowed<string>): string => `${key}[${window.start},${window.end}]`

/** Everything that keeps state over time: windows with grace, sessions, closing windows, a stream-stream join. */
function topology(): Topology {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', { keySerde: text, valueSerde: text })
  const counting = { valueSerde: json<number>(), keySerde: text }
  const out = { keySerde: text, valueSerde: json<unknown>() }
  const windows = tumblingWindows({ sizeMs: 10, graceMs: 5 })
  input
    .groupByKey()
    .windowedBy(windows)
    .count({ store: 'tumbling', ...counting })
    .toStream()
    .map((key, count) => [`tumbling ${shown(key)}`, count as unknown])
    .to('out', out)
  input
    .groupByKey()
    .windowedBy(windows)
    .emitStrategy('close')
    .count({ store: 'closing', ...counting })
    .toStream()
    .map((key, count) => [`closing ${shown(key)}`, count as unknown])
    .to('out', out)
  input
    .groupByKey()
    .windowedBySession(sessionWindows({ gapMs: 3, graceMs: 5 }))
    .count({ store: 'sessions', ...counting })
    .toStream()
    .map((key, count) => [`session ${shown(key)}`, count as unknown])
    .to('out', out)
  input
    .filter((_key, value) => value === 'l')
    .joinStream(
      input.filter((_key, value) => value === 'r'),
      (left, right) => [left, right],
      {
        type: 'outer',
        windows: { beforeMs: 3, afterMs: 3, graceMs: 4 },
        store: 'join',
        keySerde: text,
        leftSerde: text,
        rightSerde: text,
      },
    )
    .map((key, pair) => [`join ${key}`, pair as unknown])
    .to('out', out)
  return builder.build()
}

/** Records with times that wander: some late, some very late. */
function records(): (readonly [string, string, number])[] {
  let seed = 7
  const random = (n: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * n)
  }
  return Array.from({ length: 200 }, (_, i) => [
    ['a', 'b', 'c'][random(3)]!,
    random(2) === 0 ? 'l' : 'r',
    Math.max(0, i - random(25)),
  ])
}

/** Output after running the records in `parts` portions, with the application closed and opened in between. */
async function run(parts: number, storageOf: (part: number) => StateStorage): Promise<string[]> {
  await using cluster = await TestCluster.open()
  for (const name of ['in', 'out']) {
    await cluster.kafka.admin.createTopic({
      name,
      partitionCount: 1,
      configs: { 'retention.ms': '-1' },
    })
  }
  const all = records()
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * all.length) / parts)
    const to = Math.floor(((part + 1) * all.length) / parts)
    await cluster.produce('in', all.slice(from, to))
    await using app = new StreamsApplication({
      applicationId: 'app',
      topology: topology(),
      kafka: cluster.kafka,
      storage: storageOf(part),
      cacheBytesMax: 0,
      emitIntervalMs: 0,
      commitIntervalMs: 20,
    })
    await app.start()
    const [end] = await cluster.kafka.admin.endOffsets([{ topic: 'in', partition: 0 }])
    await app.waitForPosition(new Map([['in-0', end!.offset]]))
  }
  return (await cluster.readAll('out')).map(
    ({ key, value, timestamp }) =>
      `${Buffer.from(key!).toString()} ${value === null ? '-' : Buffer.from(value).toString()}@${timestamp}`,
  )
}

describe('an application that was closed and opened again', () => {
  it('gives what an uninterrupted one gives', async () => {
    const wanted = await run(1, () => memoryStateStorage())
    expect(wanted.some((line) => line.startsWith('closing'))).toBe(true)
    expect(wanted.some((line) => line.includes('["l",null]'))).toBe(true)
    const fileSystem = new MemoryFileSystem()
    const kept = await run(7, () => lsmStateStorage({ directory: '/state', fileSystem }))
    expect(kept).toEqual(wanted)
  })

  it('gives the same when the state was deleted each time', async () => {
    const wanted = await run(1, () => memoryStateStorage())
    expect(await run(5, () => memoryStateStorage())).toEqual(wanted)
  })
})
