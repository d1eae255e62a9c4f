/**
 * `npm run demo [-- --once] [--dir D] [--kafka HOST:PORT]`: the main job on real input.
 *
 * Change events of a database and sensor readings go in; a join, averages and counts are kept up to date; the engine's process is killed
 * in the middle of a load and started again; every answer is checked.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { EngineHandle } from './engine-handle.ts'
import { runPipelines } from './pipelines.ts'
import { runLoadWithKill } from './load-with-kill.ts'
import { Report } from './report.ts'

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    dir: { type: 'string' },
    kafka: { type: 'string' },
    port: { type: 'string', default: '0' },
  },
})

const directory = values.dir ?? mkdtempSync(join(tmpdir(), 'varve-demo-'))
mkdirSync(directory, { recursive: true })
if (readdirSync(directory).length > 0) {
  console.error(`${directory} is not empty: the demo wants a fresh directory`)
  process.exit(2)
}
const report = new Report()
let engine: EngineHandle | undefined
const start = async (): Promise<EngineHandle> =>
  (engine = await EngineHandle.start(directory, Number(values.port), values.kafka))
const interrupted = new Promise<'interrupted'>((resolve) =>
  process.once('SIGINT', () => resolve('interrupted')),
)

async function run(): Promise<void> {
  report.step(
    `starting an engine ${values.kafka === undefined ? 'with an embedded broker' : `on Kafka at ${values.kafka}`} in ${directory}`,
  )
  const first = await start()
  await runPipelines(first, report)
  const second = await runLoadWithKill(first, start, report)
  if (values.once || report.failed > 0) return
  report.say(
    `\nThe HTTP API listens on ${second.url} until Ctrl-C. Try:\n  npm run varve -- --server ${second.url}`,
  )
  await interrupted
}

try {
  await Promise.race([run(), interrupted])
  await engine?.close()
} catch (error) {
  report.fail(String((error as Error).stack ?? error))
  await engine?.kill()
} finally {
  if (values.dir === undefined) rmSync(directory, { recursive: true, force: true })
}
report.say(`\n${report.passed} passed, ${report.failed} failed`)
process.exitCode = report.failed === 0 ? 0 : 1
