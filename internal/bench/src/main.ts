/** `npm run bench -- NAME [--json OUT] [--markdown OUT] [--rounds N]`, and for `store` `[--entries N] [--directory DIR] [--workloads A,B] [--peers A,B|targets]` */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import type { BenchOptions } from './options.ts'
import type { Comparison } from './measure.ts'
import { machineLine, markdown } from './report.ts'

type Benchmark = (options: BenchOptions) => Promise<Comparison[]>

const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  cdc: async () => (await import('./cdc/cdc.ts')).cdcBenchmark,
  smoke: async () => (await import('./smoke/smoke.ts')).smoke,
  streams: async () => (await import('./streams/embedded.ts')).embeddedStreams,
  'kafka-streams': async () => (await import('./streams/kafka-streams.ts')).kafkaStreams,
  store: async () => (await import('./store/store.ts')).storeBenchmark,
  'store-latency': async () => (await import('./store/latency.ts')).storeLatency,
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    markdown: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    entries: { type: 'string' },
    directory: { type: 'string' },
    workloads: { type: 'string' },
    peers: { type: 'string' },
  },
})
const name = positionals[0]
const load = name === undefined ? undefined : benchmarks[name]
if (load === undefined) {
  console.error(
    `usage: npm run bench -- NAME [--json OUT] [--markdown OUT] [--rounds N]\nstore: [--entries N] [--directory DIR] [--workloads A,B] [--peers A,B|targets]\nNAME: ${Object.keys(benchmarks).join(', ')}`,
  )
  process.exit(2)
}

const run = await load()
const comparisons = await run({
  rounds: Number(values.rounds),
  progress: (line) => console.log(line),
  ...(values.entries === undefined ? {} : { entries: Number(values.entries) }),
  ...(values.directory === undefined ? {} : { directory: values.directory }),
  ...(values.workloads === undefined ? {} : { workloads: values.workloads.split(',') }),
  ...(values.peers === undefined ? {} : { peers: values.peers.split(',') }),
})
console.log(`\n${markdown(comparisons)}`)
if (values.markdown !== undefined) writeFileSync(values.markdown, `${markdown(comparisons)}\n`)
if (values.json !== undefined) {
  writeFileSync(
    values.json,
    JSON.stringify({ machine: machineLine(), comparisons }, null, 2) + '\n',
  )
}
