import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { freePort, javaArguments, type KafkaLine } from '@varve/internal-peers'

import { pluginFolder } from './installed.ts'
import { answersGet, startProgram, type Program } from './program.ts'

/** A worker of Kafka Connect. */
export interface Connect {
  /** Creates a connector, or changes it, and waits until it and its task run. */
  put(name: string, configuration: Readonly<Record<string, string>>): Promise<void>
  /**
   * Starts failed connectors and tasks again, as an operator does: Connect itself leaves a task alone that died with the broker. Returns
   * why each of them had failed.
   */
  restartFailed(): Promise<readonly string[]>
  /** Kills the worker without warning and starts it again. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Starts a worker on loopback that writes each batch of a source in one transaction with its position. */
export async function startConnect(
  line: KafkaLine,
  brokers: string,
  directory: string,
): Promise<Connect> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const configuration = join(directory, 'connect.properties')
  writeFileSync(
    configuration,
    Object.entries(workerSettings(line, brokers, port))
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  const start = (): Promise<Program> =>
    startProgram({
      command: 'java',
      args: [
        ...javaArguments(line, '1g'),
        'org.apache.kafka.connect.cli.ConnectDistributed',
        configuration,
      ],
      log: join(directory, 'connect.log'),
      isReady: () => answersGet(`${url}/connectors`),
      timeoutMs: 300_000,
    })
  let program = await start()
  return {
    async put(name, settings) {
      await retried(async () => {
        const response = await fetch(`${url}/connectors/${name}/config`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(settings),
        })
        if (!response.ok) throw new Error(`connector ${name}: ${await response.text()}`)
      })
      await waitUntilRunning(url, name)
    },
    async restartFailed() {
      const reasons: string[] = []
      const response = await fetch(`${url}/connectors?expand=status`)
      const connectors = (await response.json()) as Readonly<
        Record<string, { readonly status: ConnectorStatus }>
      >
      for (const [name, { status }] of Object.entries(connectors)) {
        const failed = [status.connector, ...status.tasks].filter(({ state }) => state === 'FAILED')
        if (failed.length === 0) continue
        reasons.push(...failed.map((part) => `${name}: ${part.trace?.split('\n')[0] ?? 'failed'}`))
        await fetch(`${url}/connectors/${name}/restart?includeTasks=true&onlyFailed=true`, {
          method: 'POST',
        })
      }
      return reasons
    },
    async restart() {
      await program.end('SIGKILL')
      program = await start()
    },
    close: () => program.end('SIGKILL'),
  }
}

function workerSettings(
  line: KafkaLine,
  brokers: string,
  port: number,
): Readonly<Record<string, string>> {
  return {
    'bootstrap.servers': brokers,
    'group.id': 'connect',
    listeners: `http://127.0.0.1:${port}`,
    'rest.advertised.host.name': '127.0.0.1',
    'rest.advertised.port': String(port),
    'plugin.path': pluginFolder(line),
    'plugin.discovery': 'only_scan',
    'config.storage.topic': 'connect-configs',
    'offset.storage.topic': 'connect-offsets',
    'status.storage.topic': 'connect-status',
    'config.storage.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'offset.storage.partitions': '1',
    'status.storage.partitions': '1',
    'offset.flush.interval.ms': '1000',
    'session.timeout.ms': '6000',
    'heartbeat.interval.ms': '1000',
    'scheduled.rebalance.max.delay.ms': '0',
    'exactly.once.source.support': 'enabled',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  }
}

/** A worker that has just come up refuses changes until it has joined its group. */
async function retried(action: () => Promise<void>): Promise<void> {
  for (let left = 30; ; left--) {
    try {
      return await action()
    } catch (error) {
      if (left === 0) throw error
      await sleep(1_000)
    }
  }
}

interface ConnectorStatus {
  readonly connector: { readonly state: string; readonly trace?: string }
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[]
}

async function waitUntilRunning(url: string, name: string): Promise<void> {
  const deadline = Date.now() + 90_000
  for (;;) {
    const response = await fetch(`${url}/connectors/${name}/status`)
    const status = response.ok ? ((await response.json()) as ConnectorStatus) : undefined
    const failed = status?.tasks.find((task) => task.state === 'FAILED')
    if (failed !== undefined) throw new Error(`connector ${name} failed: ${failed.trace}`)
    if (status?.connector.state === 'RUNNING' && status.tasks[0]?.state === 'RUNNING') return
    if (Date.now() > deadline) throw new Error(`connector ${name} does not run`)
    await sleep(500)
  }
}
