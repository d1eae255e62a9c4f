/** `npm run bench -- NAME [--json OUT] [--rounds N]` */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import type { BenchOptions } from './options.ts'
import type { Comparison } from './measure.ts'
import { machineLine, markdown } from './report.ts'

type Benchmark = (options: BenchOptions) => Promise<Comparison[]>

const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  smoke: async () => (await import('./smoke/smoke.ts')).smoke,
  streams: async () => (await import('./streams/embedded.ts')).embeddedStreams,
  'kafka-streams': async () => (await import('./streams/kafka-streams.ts')).kafkaStreams,
  store: async () => (await import('./smoke/store.ts')).storeBenchmark,
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, rounds: { type: 'string', default: '5' } },
})
const name = positionals[0]
const load = name === undefined ? undefined : benchmarks[name]
if (load === undefined) {
  console.error(
    `usage: npm run bench -- NAME [--json OUT] [--rounds N]\nNAME: ${Object.keys(benchmarks).join(', ')}`,
  )
  process.exit(2)
}

const run = await load()
const comparisons = await run({
  rounds: Number(values.rounds),
  progress: (line) => console.log(line),
})
console.log(`\n${markdown(comparisons)}`)
if (values.json !== undefined) {
  writeFileSync(
    values.json,
    JSON.stringify({ machine: machineLine(), comparisons }, null, 2) + '\n',
  )
}
