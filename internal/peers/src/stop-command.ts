/** `stop-kafka [HOST:PORT]`: ends the nodes that start-kafka started (all, or the one at that address) and removes their directories. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

interface Noted {
  readonly pid: number
  readonly brokers: string
  readonly directory: string
}

const run = new URL('../run/', import.meta.url)
const wanted = process.argv[2]
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

/** Whether the process still runs and is a Kafka: its id may have passed to another. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka')
  } catch {
    return false
  }
}
