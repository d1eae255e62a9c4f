/** `start-kafka [3|4]`: starts a node that outlives this command, prints its address and notes its process in run/. */
import { mkdirSync, writeFileSync } from 'node:fs'

import { startKafka } from './start-kafka.ts'

const line = process.argv[2] ?? '4'
if (line !== '3' && line !== '4') {
  console.error('usage: start-kafka [3|4]')
  process.exit(2)
}
const kafka = await startKafka(line, { detached: true })
const run = new URL('../run/', import.meta.url)
mkdirSync(run, { recursive: true })
writeFileSync(
  new URL(`${kafka.pid}.json`, run),
  JSON.stringify({ pid: kafka.pid, line, brokers: kafka.brokers, directory: kafka.directory }),
)
console.log(kafka.brokers)
process.exit(0)
