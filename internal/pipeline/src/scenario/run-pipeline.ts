import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Database } from '../stack/database.ts'
import { sourceConnector, type Encoding } from '../stack/source-connector.ts'
import type { Stack } from '../stack/stack.ts'
import { ChangeMaker } from './changes.ts'
import { EngineProcess } from './engine-process.ts'
import {
  createTables,
  joinStream,
  nameTable,
  rowViews,
  selectSubmissions,
  sources,
  tableOf,
} from './event-participation.ts'
import { readAll, waitForTopics } from './topics.ts'

/** One run of the pipeline over one database. */
export interface PipelineRun {
  readonly stack: Stack
  readonly database: Database
  readonly encoding: Encoding
  /** Statements that change rows. */
  readonly changes: number
  readonly seed: number
  /** How long the views may take to be right after the last change. */
  readonly settleMs: number
  readonly say: (line: string) => void
}

/** What was found. */
export interface PipelineVerdict {
  readonly rows: number
  readonly joined: number
  /** Empty when every view equals its SELECT and nothing was doubled or lost. */
  readonly differences: readonly string[]
}

const statementsPerTransaction = 20

/**
 * Runs the pipeline while rows change, with Connect, the broker and the engine each killed once and started again, and compares every view with what the
 * database says at the end.
 */
export async function runPipeline(run: PipelineRun): Promise<PipelineVerdict> {
  const { stack, database, encoding, changes, say } = run
  const prefix = database.kind === 'postgres' ? 'EVENT_PG' : 'EVENT_MYSQL'
  await database.execute(createTables(database))
  await stack.connect.put(prefix.toLowerCase(), sourceConnector(stack, database, prefix, encoding))
  await waitForTopics(stack.kafka.brokers, [`${prefix}.EVENT.NAME`, `${prefix}.EVENT.SUBMIT`])
  const engine = new EngineProcess({
    directory: join(stack.directory, `engine-${database.kind}`),
    brokers: stack.kafka.brokers,
    registryUrl: stack.registry.url,
    serviceId: `${database.kind}_`,
  })
  try {
    await engine.start()
    await engine.execute(sources(prefix, encoding) + nameTable)
    // A join finds the names that are there: all of them are in the table's topic, committed, before the first submission is read. The
    // table itself may show them earlier, when the transaction that holds them is still open.
    const missing = await settled(run, async () => {
      const names = await readAll(stack.kafka.brokers, 'TABLE.EVENT.NAME')
      const { size } = new Set(names.map(({ value }) => value))
      return size === 20 ? [] : [`${size} names`]
    })
    if (missing.length > 0) throw new Error(`${missing.join()} instead of 20`)
    await engine.execute(joinStream + rowViews(prefix, encoding))
    say(`${database.kind}, ${encoding}: the pipeline runs`)
    const maker = new ChangeMaker(database.kind, run.seed)
    await change(run, maker, engine, changes)
    say(`${database.kind}, ${encoding}: ${changes} changes written`)
    let rows = 0
    let joined = 0
    const differences = await settled(run, async () => {
      for (const reason of await stack.connect.restartFailed())
        say(`Connect, started again: ${reason}`)
      const views = await compareViews(database, engine)
      const join = await compareJoin(stack.kafka.brokers, maker.inserted + 3)
      rows = views.rows
      joined = join.joined
      return [...views.differences, ...join.differences]
    })
    return { rows, joined, differences }
  } finally {
    await engine.kill()
  }
}

/** Writes the changes; at a quarter, half and three quarters of them something dies while they go on. */
async function change(
  { stack, database, say }: PipelineRun,
  maker: ChangeMaker,
  engine: EngineProcess,
  changes: number,
): Promise<void> {
  const writer = database.openWriter()
  const blows: readonly (readonly [string, () => Promise<void>])[] = [
    ['Connect', () => stack.connect.restart()],
    ['the broker', () => stack.kafka.restart()],
    ['the engine', () => engine.kill().then(() => engine.start())],
  ]
  let falling = Promise.resolve()
  let struck = 0
  for (let done = 0; done < changes; done += statementsPerTransaction) {
    const blow = blows[struck]
    if (blow !== undefined && done >= ((struck + 1) * changes) / 4) {
      struck++
      falling = falling.then(async () => {
        say(`${database.kind}: killing ${blow[0]}`)
        await blow[1]()
        say(`${database.kind}: ${blow[0]} is back`)
      })
    }
    await writer.write(maker.transaction(statementsPerTransaction))
    // A database is much faster than what follows it: without rest all would be written before the first blow falls.
    if (done % 1_000 === 0) await Promise.race([sleep(20), falling])
  }
  await writer.end()
  await falling
}

/** Looks again and again until nothing differs, or time is up; the last differences then. */
async function settled(
  { settleMs }: PipelineRun,
  look: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const deadline = Date.now() + settleMs
  for (;;) {
    const differences = await look().catch((error: unknown) => [String(error)])
    if (differences.length === 0 || Date.now() > deadline) return differences
    await sleep(1_000)
  }
}

async function compareViews(
  database: Database,
  engine: EngineProcess,
): Promise<{ rows: number; differences: readonly string[] }> {
  const { kind } = database
  const submit = tableOf(kind, 'SUBMIT')
  const views: readonly (readonly [string, string, string])[] = [
    [
      'tb_event_name',
      'SELECT * FROM `tb_event_name`;',
      `SELECT id, name FROM ${tableOf(kind, 'NAME')};`,
    ],
    ['submit_rows', 'SELECT * FROM submit_rows;', selectSubmissions(kind)],
    [
      'per_event',
      'SELECT * FROM per_event;',
      `SELECT event_id, COUNT(*) FROM ${submit} GROUP BY event_id;`,
    ],
  ]
  const differences: string[] = []
  let rows = 0
  for (const [name, query, select] of views) {
    const [view, table] = await Promise.all([engine.query(query), database.select(select)])
    const expected = new Set(table.map((row) => row.join('\t')))
    const shown = new Set(view)
    const missing = [...expected].filter((row) => !shown.has(row))
    rows += view.length
    if (view.length !== expected.size || missing.length > 0)
      differences.push(
        `${name}: ${view.length} rows instead of ${expected.size}, ${missing.length} not there, first ${String(missing[0])}`,
      )
  }
  return { rows, differences }
}

const firstThree = new Map([
  ['1', '{"event_name":"봄 맞이 이벤트","event_time":"2024-03-20T10:00:00Z"}'],
  ['2', '{"event_name":"봄 맞이 이벤트","event_time":"2024-03-20T10:00:05Z"}'],
  ['3', '{"event_name":"한여름 이벤트","event_time":"2024-03-20T10:00:10Z"}'],
])

/** Every submission is joined exactly once. */
async function compareJoin(
  brokers: string,
  submissions: number,
): Promise<{ joined: number; differences: readonly string[] }> {
  const records = await readAll(brokers, 'STREAM.EVENT.JOIN')
  const differences: string[] = []
  const keys = new Set(records.map(({ key }) => key))
  if (records.length !== submissions || keys.size !== submissions)
    differences.push(
      `joined: ${records.length} records of ${keys.size} submissions instead of ${submissions}`,
    )
  for (const [key, value] of firstThree) {
    const record = records.find((candidate) => candidate.key === key)
    if (record?.value !== value) differences.push(`joined ${key}: ${record?.value}`)
  }
  return { joined: records.length, differences }
}
