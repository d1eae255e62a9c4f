import { VarveClient } from '@varve/runtime/client'

import { EngineGoneError, type EngineHandle } from './engine-handle.ts'
import { campaignAt, readingAt } from './load-events.ts'
import type { LoadTarget } from '@varve/internal-load'
import { pollUntil } from './poll.ts'
import type { Report } from './report.ts'
import { SUBMIT } from './topics.ts'

const EVENTS_EACH = 100_000
/** The first life takes its time, so that the kill finds the queries at work on part of the load. */
const FIRST_LIFE_RATE = 15_000
const KILL_AFTER = 80_000
const PARTITIONS = 2

const counts = `
  CREATE TABLE reading_counts AS SELECT sensor, COUNT(*) AS n, SUM(reading) AS total FROM readings GROUP BY sensor EMIT CHANGES;
  CREATE TABLE area_counts AS SELECT area, COUNT(*) AS n FROM readings GROUP BY area EMIT CHANGES;
  CREATE TABLE event_counts AS SELECT \`event_name\`, COUNT(*) AS n FROM \`stm_event_name_join\` GROUP BY \`event_name\` EMIT CHANGES;`

/** 200,000 further events; the engine's process dies in their midst; after a new start every count must be right. Returns the engine that lives. */
export async function runLoadWithKill(
  first: EngineHandle,
  start: () => Promise<EngineHandle>,
  report: Report,
): Promise<EngineHandle> {
  report.step('counting queries over both pipelines')
  await new VarveClient({ url: first.url }).execute(counts, {
    properties: { 'auto.offset.reset': 'earliest' },
  })
  const target = async (topic: string): Promise<LoadTarget> => ({
    topic,
    partitionCount: PARTITIONS,
    baseOffsets: (await first.request({ kind: 'end-offsets', topic, partitionCount: PARTITIONS }))!,
    total: EVENTS_EACH,
  })
  const readings = await target('readings')
  const submissions = await target(SUBMIT)

  report.step(`loading ${(2 * EVENTS_EACH).toLocaleString('en')} further events`)
  const firstTime = Date.now()
  const slowly = { eventsPerSecondMax: FIRST_LIFE_RATE }
  const loads = startLoads(
    first,
    { ...readings, ...slowly },
    { ...submissions, ...slowly },
    firstTime,
    report,
  )
  await loads.reached(KILL_AFTER)
  report.endProgress()
  report.step(`kill -9 ${first.pid}`)
  await first.kill()
  await loads.settled

  report.step('starting again on the same directory')
  const second = await start()
  const client = new VarveClient({ url: second.url })
  await startLoads(second, readings, submissions, firstTime, report).settled
  report.endProgress()
  report.step('waiting until the views have caught up')
  await catchUp(client, report)

  report.check(
    'every sensor of the load: number and sum of its readings',
    await sensors(client),
    expectedSensors(),
  )
  report.check(
    'readings by area (through a repartition topic)',
    await areas(client),
    expectedAreas(),
  )
  report.check(
    'joined submissions by event, each exactly once',
    await events(client),
    expectedEvents(),
  )
  return second
}

function startLoads(
  engine: EngineHandle,
  readings: LoadTarget,
  submissions: LoadTarget,
  firstTime: number,
  report: Report,
): { readonly reached: (sent: number) => Promise<void>; readonly settled: Promise<void> } {
  const sent = [0, 0]
  const waiting: { readonly at: number; readonly wake: () => void }[] = []
  const onProgress = (index: number) => (count: number) => {
    sent[index] = count
    const total = sent[0]! + sent[1]!
    if (total % 20_000 === 0) report.progress(`${total.toLocaleString('en')} events sent`)
    for (const w of waiting) if (total >= w.at) w.wake()
  }
  const ignoreKill = (error: unknown): void => {
    if (!(error instanceof EngineGoneError)) throw error
  }
  const settled = Promise.all([
    engine
      .request({ kind: 'load-readings', target: readings, firstTime }, onProgress(0))
      .catch(ignoreKill),
    engine
      .request({ kind: 'load-submissions', target: submissions, firstTime }, onProgress(1))
      .catch(ignoreKill),
  ]).then(() => {})
  return {
    settled,
    reached: (at) => new Promise<void>((wake) => waiting.push({ at, wake })),
  }
}

async function catchUp(client: VarveClient, report: Report): Promise<void> {
  const wanted = 2 * EVENTS_EACH
  let last = -1
  await pollUntil(
    'the views to catch up',
    async () => {
      const read = (await sensors(client)).reduce((sum, [, n]) => sum + n, 0)
      const joined = (await events(client)).reduce((sum, [, n]) => sum + n, 0) - 3
      const byArea = (await areas(client)).reduce((sum, [, n]) => sum + n, 0) - 10
      if (read + joined !== last)
        report.progress(
          `${(read + joined).toLocaleString('en')} of ${wanted.toLocaleString('en')} counted`,
        )
      last = read + joined
      return read >= EVENTS_EACH && joined >= EVENTS_EACH && byArea >= EVENTS_EACH
    },
    90_000,
  )
  report.endProgress()
}

async function sensors(client: VarveClient): Promise<(readonly [string, number, number])[]> {
  const rows = await client.query<{ SENSOR: string; N: number; TOTAL: number }>(
    'SELECT * FROM reading_counts;',
  )
  return rows
    .filter((row) => row.SENSOR.startsWith('load-'))
    .map((row) => [row.SENSOR, row.N, row.TOTAL] as const)
    .sort(byName)
}

async function areas(client: VarveClient): Promise<(readonly [string, number])[]> {
  const rows = await client.query<{ AREA: string; N: number }>('SELECT * FROM area_counts;')
  return rows.map((row) => [row.AREA, row.N] as const).sort(byName)
}

async function events(client: VarveClient): Promise<(readonly [string, number])[]> {
  const rows = await client.query<{ event_name: string; N: number }>('SELECT * FROM event_counts;')
  return rows.map((row) => [row.event_name, row.N] as const).sort(byName)
}

function expectedSensors(): (readonly [string, number, number])[] {
  const bySensor = new Map<string, [number, number]>()
  for (let n = 0; n < EVENTS_EACH; n++) {
    const { sensor, reading } = readingAt(n)
    const entry = bySensor.get(sensor) ?? [0, 0]
    bySensor.set(sensor, [entry[0] + 1, entry[1] + reading])
  }
  return [...bySensor].map(([sensor, [n, total]]) => [sensor, n, total] as const).sort(byName)
}

function expectedAreas(): (readonly [string, number])[] {
  // The ten readings of readings.sql count too.
  const byArea = new Map([
    ['wheel', 3],
    ['motor', 2],
    ['engine', 5],
  ])
  for (let n = 0; n < EVENTS_EACH; n++)
    byArea.set(readingAt(n).area, byArea.get(readingAt(n).area)! + 1)
  return [...byArea].sort(byName)
}

function expectedEvents(): (readonly [string, number])[] {
  const byEvent = new Map([
    [101, 2],
    [102, 1],
  ])
  for (let n = 0; n < EVENTS_EACH; n++) byEvent.set(campaignAt(n), byEvent.get(campaignAt(n))! + 1)
  return (
    [
      ['봄 맞이 이벤트', byEvent.get(101)!],
      ['한여름 이벤트', byEvent.get(102)!],
    ] as const
  ).toSorted(byName)
}

function byName(a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}
