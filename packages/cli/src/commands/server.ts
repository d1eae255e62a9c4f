import { readFile } from 'node:fs/promises'

import { Engine, type EngineOptions, type Logger } from '@varve/runtime'
import { startServer } from '@varve/runtime/server'
import { InvalidArgumentError, type Command } from 'commander'

import { parseProperties } from '../properties.ts'

interface ServerCommandOptions {
  readonly dir: string
  readonly port: number
  readonly host: string
  readonly kafka?: string
  readonly registry?: string
  readonly serviceId?: string
  readonly config?: string
}

/** `varve server`: an engine on a directory or on Kafka, behind ksqlDB's HTTP API, until SIGTERM or SIGINT. */
export function addServerCommand(program: Command): void {
  program
    .command('server')
    .description("serve an engine over ksqlDB's HTTP API")
    .option('--dir <directory>', 'where broker and state live', './varve-data')
    .option('--port <n>', 'port to listen on; 0 picks a free one', port, 8088)
    .option('--host <address>', 'address to listen on; there is no authentication', '127.0.0.1')
    .option('--kafka <host:port,…>', 'run on this Kafka cluster instead of the embedded broker')
    .option('--registry <url>', "schema registry with Confluent's API instead of the embedded one")
    .option('--service-id <id>', 'instances with one id share queries')
    .option('--config <file>', 'properties file with ksql.* settings')
    .action(runServer)
}

async function runServer(options: ServerCommandOptions): Promise<void> {
  const config =
    options.config === undefined ? {} : parseProperties(await readFile(options.config, 'utf8'))
  const engineOptions: EngineOptions = {
    directory: options.dir,
    config,
    logger: stderrLogger,
    ...(options.kafka === undefined ? {} : { kafka: { brokers: options.kafka.split(',') } }),
    ...(options.registry === undefined ? {} : { schemaRegistry: { url: options.registry } }),
    ...(options.serviceId === undefined ? {} : { serviceId: options.serviceId }),
  }
  process.stderr.write(
    `opening ${options.kafka === undefined ? options.dir : `${options.dir} on Kafka at ${options.kafka}`}\n`,
  )
  const stop = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => stop.resolve(signal))
  await using engine = await Engine.open(engineOptions)
  await using server = await startServer({
    engine,
    port: options.port,
    host: options.host,
    logger: stderrLogger,
  })
  process.stdout.write(`listening on ${server.url}\n`)
  process.stderr.write(`${await stop.promise}: closing\n`)
}

/** One line an event: time, level, text, then what belongs to it as JSON. */
const stderrLogger: Logger = {
  info: (message, detail) => log('info ', message, detail),
  warn: (message, detail) => log('warn ', message, detail),
  error: (message, detail) => log('error', message, detail),
}

function log(
  level: string,
  message: string,
  detail: Readonly<Record<string, unknown>> | undefined,
): void {
  const more = Object.entries(detail ?? {}).map(
    ([name, value]) =>
      ` ${name}=${value instanceof Error ? (value.stack ?? value.message) : JSON.stringify(value)}`,
  )
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}${more.join('')}\n`)
}

function port(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('write a port number')
  return value
}
