import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isPeerThere } from '@varve/base/testing'
import { isKafkaInstalled, startKafka, type RunningKafka } from '@varve/internal-peers'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'

import { Engine } from '../../src/index.ts'

const limits = { timeout: 240_000 }

/** Where the engines of a test live. */
export interface Place {
  /** Of state, and of the embedded broker. */
  readonly directory: string
  /** Whether topics are on Apache Kafka, so that several engines can share them. */
  readonly isShared: boolean
  /** Opens an engine here, by default in {@link Place.directory}. */
  open(directory?: string): Promise<Engine>
}

/**
 * Declares the same tests on the embedded broker and on Apache Kafka 3.9 and 4.x. Topics are gone after each test.
 *
 * Without Kafka its tests are skipped; see {@link isPeerThere}.
 */
export function onEachBroker(declare: (place: () => Place) => void): void {
  describe('on the embedded broker', limits, () => onBroker(undefined, declare))
  for (const line of ['3', '4'] as const) {
    const isThere = isPeerThere(
      `Apache Kafka ${line}.x (internal/peers/install)`,
      isKafkaInstalled(line),
    )
    describe.skipIf(!isThere)(`on Apache Kafka ${line}.x`, limits, () =>
      onBroker(() => startKafka(line), declare),
    )
  }
}

function onBroker(
  start: (() => Promise<RunningKafka>) | undefined,
  declare: (place: () => Place) => void,
): void {
  let kafka: RunningKafka | undefined
  let directory: string
  const connection = (): object =>
    kafka === undefined ? {} : { kafka: { brokers: [kafka.brokers] } }

  beforeAll(async () => {
    kafka = await start?.()
  }, 480_000)
  afterAll(() => kafka?.stop(), 120_000)

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'varve-scenario-'))
  })
  afterEach(async () => {
    if (kafka !== undefined) await deleteTopics(join(directory, 'cleaner'), connection())
    await rm(directory, { recursive: true, force: true })
  }, 240_000)

  declare(() => ({
    directory,
    isShared: kafka !== undefined,
    open: (own = directory) => Engine.open({ directory: own, ...connection() }),
  }))
}

/** Takes away every topic but Kafka's own, for the next test to find the broker empty. */
async function deleteTopics(directory: string, connection: object): Promise<void> {
  await using engine = await Engine.open({
    directory,
    ...connection,
    serviceId: 'cleaner_',
  })
  const { admin } = engine.kafka
  const own = (await admin.listTopics()).filter(
    ({ name }) => !name.startsWith('__') && !name.includes('cleaner_'),
  )
  for (const { name } of own) await admin.deleteTopic(name)
}
