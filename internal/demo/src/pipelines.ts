import { readFile } from 'node:fs/promises'

import { VarveClient } from '@varve/runtime/client'

import type { EngineHandle } from './engine-handle.ts'
import { pollUntil } from './poll.ts'
import type { Report } from './report.ts'
import { NAME, SUBMIT } from './topics.ts'

const sql = (name: string): Promise<string> =>
  readFile(new URL(`../sql/${name}`, import.meta.url), 'utf8')
const fromStart = { 'auto.offset.reset': 'earliest' }

/** Sensor readings to averages, and change events to a joined stream: both SQL files as they are. */
export async function runPipelines(engine: EngineHandle, report: Report): Promise<void> {
  const client = new VarveClient({ url: engine.url })
  await readings(client, report)
  await eventParticipation(client, engine, report)
}

async function readings(client: VarveClient, report: Report): Promise<void> {
  report.step('readings.sql: ten readings, and their average by sensor')
  await client.execute(await sql('readings.sql'))
  report.say('  SELECT * FROM avg_readings EMIT CHANGES;')
  const expected = new Map([
    ['sensor-1', 68.5],
    ['sensor-2', 48],
    ['sensor-3', 52],
    ['sensor-4', 75],
  ])
  const now = new Map<string, number>()
  for await (const row of client.stream<{ SENSOR: string; AVG: number }>(
    'SELECT * FROM avg_readings EMIT CHANGES;',
    {
      properties: fromStart,
      signal: AbortSignal.timeout(20_000),
    },
  )) {
    report.say(`    ${row.SENSOR}  ${row.AVG}`)
    now.set(row.SENSOR, row.AVG)
    if ([...expected].every(([sensor, average]) => now.get(sensor) === average)) break
  }
  for (const [sensor, average] of expected) {
    const rows = await client.query<{ AVG: number }>(
      'SELECT AVG FROM avg_readings WHERE sensor = ${sensor};',
      {
        variables: { sensor },
      },
    )
    report.check(`pull query: ${sensor} is ${average}`, rows, [{ AVG: average }])
  }
}

async function eventParticipation(
  client: VarveClient,
  engine: EngineHandle,
  report: Report,
): Promise<void> {
  report.step('event-participation.sql: Debezium change events of two MySQL tables, joined')
  await engine.request({ kind: 'prepare-change-topics' })
  await client.execute(await sql('event-participation.sql'), { properties: fromStart })
  await engine.request({ kind: 'produce-captured', topic: NAME })
  const names = [
    { id: 101, name: '봄 맞이 이벤트' },
    { id: 102, name: '한여름 이벤트' },
  ]
  await pollUntil('the names to arrive', async () => {
    const rows = await client.query<{ id: number; name: string }>('SELECT * FROM `tb_event_name`;')
    return rows.some((row) => row.name === names[1]!.name) && rows.length === names.length
  })
  const rows = await client.query<{ id: number; name: string }>('SELECT * FROM `tb_event_name`;')
  report.check(
    'pull query: both names, the renamed one with its new name',
    rows.toSorted((a, b) => a.id - b.id),
    names,
  )

  // The join reads the names from their topic, where they are seen when the transaction that wrote them is over.
  const seen = new Set<string>()
  for await (const row of client.stream<{ name: string }>(
    'SELECT * FROM `tb_event_name` EMIT CHANGES;',
    { properties: fromStart, signal: AbortSignal.timeout(20_000) },
  )) {
    seen.add(row.name)
    if (names.every(({ name }) => seen.has(name))) break
  }

  report.say('  SELECT * FROM `stm_event_name_join` EMIT CHANGES LIMIT 3;')
  const joined: unknown[] = []
  const push = client.stream<Record<string, unknown>>(
    'SELECT * FROM `stm_event_name_join` EMIT CHANGES LIMIT 3;',
    {
      properties: fromStart,
      signal: AbortSignal.timeout(20_000),
    },
  )
  await engine.request({ kind: 'produce-captured', topic: SUBMIT })
  for await (const row of push) {
    report.say(`    ${Object.values(row).map(String).join('  ')}`)
    joined.push(row)
  }
  report.check(
    'push query: the three submissions with the names of their events',
    sortedByUser(joined),
    [
      { user_id: 1, event_name: '봄 맞이 이벤트', event_time: '2024-03-20T10:00:00Z' },
      { user_id: 2, event_name: '봄 맞이 이벤트', event_time: '2024-03-20T10:00:05Z' },
      { user_id: 3, event_name: '한여름 이벤트', event_time: '2024-03-20T10:00:10Z' },
    ],
  )
}

function sortedByUser(rows: readonly unknown[]): unknown[] {
  return rows
    .map((row) => ({ ...(row as { user_id: number }) }))
    .sort((a, b) => a.user_id - b.user_id)
}
