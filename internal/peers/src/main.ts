/**
 * `main.ts start [3|4]`: starts a node that outlives this command, prints its address and notes its process in run/.
 * `main.ts stop [HOST:PORT]`: ends the nodes started so (all, or the one at that address) and removes their directories.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { startKafka } from './start-kafka.ts'

interface Noted {
  readonly pid: number
  readonly line: string
  readonly brokers: string
  readonly directory: string
}

const run = new URL('../run/', import.meta.url)

async function start(line: string): Promise<void> {
  if (line !== '3' && line !== '4') throw new Error('usage: start-kafka [3|4]')
  const { pid, brokers, directory } = await startKafka(line, { detached: true })
  mkdirSync(run, { recursive: true })
  const noted: Noted = { pid, line, brokers, directory }
  writeFileSync(new URL(`${pid}.json`, run), JSON.stringify(noted))
  console.log(brokers)
}

async function stop(wanted: string | undefined): Promise<void> {
  for (const name of existsSync(run) ? readdirSync(run) : []) {
    const file = new URL(name, run)
    const noted = JSON.parse(readFileSync(file, 'utf8')) as Noted
    if (wanted !== undefined && noted.brokers !== wanted) continue
    if (isOurs(noted.pid)) {
      process.kill(noted.pid, 'SIGTERM')
      for (let left = 75; left > 0 && isOurs(noted.pid); left--) await sleep(200)
      if (isOurs(noted.pid)) process.kill(noted.pid, 'SIGKILL')
    }
    rmSync(noted.directory, { recursive: true, force: true, maxRetries: 3 })
    rmSync(file)
    console.log(`stopped ${noted.brokers}`)
  }
}

/** Whether the process still runs and is a Kafka: its id may have passed to another. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka')
  } catch {
    return false
  }
}

const [command, argument] = process.argv.slice(2)
if (command === 'start') await start(argument ?? '4')
else if (command === 'stop') await stop(argument)
else throw new Error('usage: main.ts start|stop')
process.exit(0)
