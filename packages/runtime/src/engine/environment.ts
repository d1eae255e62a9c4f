import { join } from 'node:path'

import { InvalidOptionError, systemClock, systemRandom, type Clock, type Random } from '@varve/base'
import { EmbeddedBroker } from '@varve/broker'
import { createKafka, type Kafka } from '@varve/kafka'
import { SchemaRegistryClient, type SchemaRegistry } from '@varve/serde'
import { lsmStateStorage, memoryStateStorage, type StateStorage } from '@varve/streams'

import { openEmbeddedRegistry } from '../registry/embedded-registry.ts'
import { silentLogger, type EngineOptions, type Logger } from './engine-options.ts'

/** What an engine stands on. */
export interface Environment extends AsyncDisposable {
  readonly kafka: Kafka
  readonly registry: SchemaRegistry
  readonly storage: StateStorage
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Nobody else can be using the broker: it is embedded, under the directory's lock. */
  readonly isExclusive: boolean
  close(): Promise<void>
}

/** Opens broker, registry and state directory as the options say; what was opened is closed again when a later part fails. */
export async function openEnvironment(options: EngineOptions): Promise<Environment> {
  const { directory } = options
  if (directory === undefined && options.kafka === undefined) {
    throw new InvalidOptionError('directory', 'give a directory, ":memory:", or kafka')
  }
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  await using opening = new AsyncDisposableStack()
  const inMemory = directory === undefined || directory === ':memory:'
  const kafka = opening.use(await openKafka(options, opening, clock, random))
  let registry: SchemaRegistry
  if (options.schemaRegistry === undefined) {
    registry = opening.use(await openEmbeddedRegistry(kafka)).registry
  } else {
    registry = new SchemaRegistryClient(options.schemaRegistry)
  }
  const storage = inMemory
    ? memoryStateStorage()
    : lsmStateStorage({ directory: join(directory, 'state') })
  const opened = opening.move()
  return {
    kafka,
    registry,
    storage,
    clock,
    random,
    logger: options.logger ?? silentLogger,
    isExclusive: options.kafka === undefined,
    close: () => opened.disposeAsync(),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openKafka(
  options: EngineOptions,
  opening: AsyncDisposableStack,
  clock: Clock,
  random: Random,
): Promise<Kafka> {
  if (options.kafka !== undefined) {
    const { KafkajsTransport } = await import('@varve/kafka/kafkajs')
    const transport = opening.use(new KafkajsTransport({ ...options.kafka, clock }))
    return createKafka({ transport, clock, random })
  }
  const directory = options.directory!
  const broker = opening.use(
    await EmbeddedBroker.open({
      directory: directory === ':memory:' ? directory : join(directory, 'broker'),
      clock,
      random,
      onBackgroundError: (error) =>
        options.logger?.error('the embedded broker failed in the background', { error }),
    }),
  )
  return createKafka({ transport: broker, clock, random })
}
