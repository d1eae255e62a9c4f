/**
 * Opens the engine, creates sources and queries where they are missing, says `verified n`, and feeds orders until it is killed. With
 * `finish` it feeds nothing, waits until all is processed, compares everything with what the orders call for, and ends.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { runLoad, type EventAt } from '@varve/internal-load'
import { Engine } from '@varve/runtime'

import { say } from '../say.ts'
import { differences, readOrders } from './compare.ts'
import { KEYS, orderEvents, PARTITIONS, personEvents, REGIONS, regionEvents } from './input.ts'
import { queries, sources } from './statements.ts'

const [directory, mode] = process.argv.slice(2)
const TOTAL_MAX = 1_000_000
const ORDERS_PER_SECOND = 2_000
const CATCH_UP_MS = 180_000
/** Later than all windows and graces. */
const FLUSH_AFTER_MS = 30 * 86_400_000

const engine = await Engine.open({ directory: directory! })

function load(topic: string, total: number, eventAt: EventAt, perSecond?: number): Promise<void> {
  const target = {
    topic,
    partitionCount: PARTITIONS,
    baseOffsets: Array.from({ length: PARTITIONS }, () => 0),
    total,
    ...(perSecond === undefined ? {} : { eventsPerSecondMax: perSecond }),
  }
  return runLoad(engine.kafka, target, eventAt, () => {})
}

/** Creates what is missing: a kill may have come between two statements. */
async function prepare(): Promise<void> {
  const known = new Set(engine.sources.map(({ name }) => name))
  const missing = (script: string): string =>
    script
      .split(';')
      .filter((statement) => {
        const name = /(?:STREAM|TABLE) (\w+)/.exec(statement)?.[1]?.toUpperCase()
        return name !== undefined && !known.has(name)
      })
      .map((statement) => `${statement};`)
      .join('\n')
  await engine.execute(missing(sources))
  await load('people', KEYS, personEvents)
  await load('regions', REGIONS, regionEvents)
  await engine.execute(missing(queries), { properties: { 'auto.offset.reset': 'earliest' } })
}

/** Waits until everything is as the orders call for, and stays so. @throws Error with the differences */
async function waitUntilRight(isFlushed: boolean): Promise<void> {
  const deadline = performance.now() + CATCH_UP_MS
  for (let right = 0; right < 2;) {
    const found = await differences(engine, isFlushed)
    right = found.length === 0 ? right + 1 : 0
    if (right < 2 && performance.now() > deadline) throw new Error(found.join('; '))
    await sleep(500)
  }
}

/** One order for each partition, so late that every window closes and every join gives up waiting. */
async function flush(lastMs: number): Promise<void> {
  await using producer = engine.kafka.producer({ lingerMs: 0 })
  await producer.init()
  const event = orderEvents(0)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    producer.send({ ...event, topic: 'orders', partition, timestamp: lastMs + FLUSH_AFTER_MS })
  }
  await producer.flush()
}

try {
  await prepare()
  const orders = await readOrders(engine)
  say(`verified ${orders.length} orders`)
  if (mode === 'finish') {
    await waitUntilRight(false)
    await flush(orders.reduce((last, order) => Math.max(last, order.timestamp), 0))
    await waitUntilRight(true)
    await engine.close()
    say(`finished ${orders.length}`)
  } else {
    await load('orders', TOTAL_MAX, orderEvents, ORDERS_PER_SECOND)
  }
} catch (error) {
  say(`failed ${(error as Error).stack}`)
  process.exit(3)
}
