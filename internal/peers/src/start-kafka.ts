import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { freePort } from './free-port.ts'
import { isKafkaInstalled, javaArguments, type KafkaLine } from './kafka-jars.ts'
import { runKafkaTool } from './run-java.ts'

/** A running single-node Kafka. */
export interface RunningKafka {
  /** `host:port`. */
  readonly brokers: string
  readonly pid: number
  /** Kills the process without warning and starts it again, over the same data and on the same ports. */
  restart(): Promise<void>
  /** Holds `data`, `server.properties` and `kafka.log`. */
  readonly directory: string
  /** Ends the process and removes its directory. */
  stop(): Promise<void>
}

/** How {@link startKafka} runs the node. */
export interface StartKafkaOptions {
  /** Server properties beside the built-in ones. */
  readonly properties?: Readonly<Record<string, string>>
  /** The process goes on when this one ends. */
  readonly detached?: boolean
}

/** Starts a combined KRaft node on loopback, on free ports, over a temporary directory. Takes a few seconds. */
export async function startKafka(
  line: KafkaLine,
  options: StartKafkaOptions = {},
): Promise<RunningKafka> {
  if (!isKafkaInstalled(line)) {
    throw new Error(`Kafka ${line}.x is not installed: run internal/peers/install`)
  }
  const directory = mkdtempSync(join(tmpdir(), 'varve-kafka-'))
  const [port, controllerPort] = [await freePort(), await freePort()]
  mkdirSync(join(directory, 'data'))
  const configuration = join(directory, 'server.properties')
  const properties = { ...builtIn(directory, port, controllerPort), ...options.properties }
  writeFileSync(
    configuration,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  // A first character of its own: an id that begins with a dash would pass for an option.
  const clusterId = `V${randomBytes(16).toString('base64url').slice(1)}`
  await runKafkaTool(line, 'kafka.tools.StorageTool', [
    'format',
    '-t',
    clusterId,
    '-c',
    configuration,
  ])
  const log = join(directory, 'kafka.log')
  const output = openSync(log, 'a')
  let child: ChildProcess | undefined
  // Also while it is still coming up.
  const endWithParent = (): void => void child?.kill('SIGKILL')
  if (options.detached !== true) process.once('exit', endWithParent)
  const start = async (): Promise<void> => {
    const started = spawn('java', [...javaArguments(line, '512m'), 'kafka.Kafka', configuration], {
      stdio: ['ignore', output, output],
      detached: options.detached === true,
    })
    child = started
    if (options.detached === true) started.unref()
    try {
      await waitForPort(port, started, log)
    } catch (error) {
      started.kill('SIGKILL')
      throw error
    }
  }
  await start()
  return {
    brokers: `127.0.0.1:${port}`,
    get pid() {
      return child!.pid!
    },
    directory,
    async restart() {
      await endProcess(child!, 'SIGKILL')
      await start()
    },
    async stop() {
      process.off('exit', endWithParent)
      await endProcess(child!)
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function builtIn(directory: string, port: number, controllerPort: number): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(directory, 'data'),
    'num.network.threads': '2',
    'num.io.threads': '4',
    'auto.create.topics.enable': 'false',
    'default.replication.factor': '1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'log.retention.check.interval.ms': '5000',
    'log.cleaner.backoff.ms': '1000',
  }
}

/** Two Java processes at a time start on two busy cores. */
const startTimeoutMs = 180_000

async function waitForPort(port: number, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    if (child.exitCode !== null) {
      throw new Error(`Kafka ended at once: ${readFileSync(log, 'utf8').slice(-2000)}`)
    }
    if (await answers(port)) return
    await sleep(200)
  }
  throw new Error(`Kafka did not open its port within ${startTimeoutMs} ms; see ${log}`)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function endProcess(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(timer)
}
