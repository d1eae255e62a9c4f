import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { startKafka, type KafkaLine, type RunningKafka } from '@varve/internal-peers'

import { startConnect, type Connect } from './connect.ts'
import type { Database } from './database.ts'
import { startMariadb } from './mariadb.ts'
import { startPostgres } from './postgres.ts'
import { startRegistry, type Registry } from './registry.ts'

/** All that stands before the engine. */
export interface Stack extends AsyncDisposable {
  readonly line: KafkaLine
  readonly kafka: RunningKafka
  readonly registry: Registry
  readonly connect: Connect
  readonly databases: readonly Database[]
  /** For the data of engines; goes with the stack. */
  readonly directory: string
}

/** Starts everything on loopback, on free ports, over a temporary directory. */
export async function startStack(
  line: KafkaLine,
  kinds: readonly Database['kind'][],
): Promise<Stack> {
  await using opening = new AsyncDisposableStack()
  const directory = mkdtempSync(join(tmpdir(), 'varve-pipeline-'))
  opening.defer(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  const [kafka, registry, ...databases] = await Promise.all([
    startKafka(line).then((started) => opening.adopt(started, (it) => it.stop())),
    startRegistry(directory).then((started) => opening.adopt(started, (it) => it.close())),
    ...kinds.map(async (kind) => {
      const started = await (kind === 'postgres' ? startPostgres : startMariadb)(directory)
      return opening.adopt(started, (it) => it.close())
    }),
  ])
  const connect = opening.adopt(await startConnect(line, kafka.brokers, directory), (it) =>
    it.close(),
  )
  const opened = opening.move()
  return {
    line,
    kafka,
    registry,
    connect,
    databases,
    directory,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
