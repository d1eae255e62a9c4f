import { systemClock } from '@varve/base'
import { EmbeddedBroker } from '@varve/broker'
import { createKafka, type Kafka } from '@varve/kafka'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { commandFormatVersion, type Command } from './command.ts'
import { CommandLog } from './command-log.ts'

const topic = 'commands'

let kafka: Kafka
let closing: AsyncDisposableStack

beforeEach(async () => {
  closing = new AsyncDisposableStack()
  const broker = closing.use(await EmbeddedBroker.open({ directory: ':memory:' }))
  kafka = closing.use(createKafka({ transport: broker }))
})

afterEach(() => closing.disposeAsync())

function command(name: string, after: number): Command {
  return {
    version: commandFormatVersion,
    id: `type/${name}/drop`,
    after,
    statement: `DROP TYPE ${name};`,
    properties: {},
    operation: { kind: 'dropType', name },
  }
}

interface Follower {
  readonly log: CommandLog
  readonly seen: string[]
  readonly errors: unknown[]
}

async function open(): Promise<Follower> {
  const seen: string[] = []
  const errors: unknown[] = []
  const log = await CommandLog.open({
    kafka,
    topic,
    clock: systemClock,
    onCommand: ({ operation }) => seen.push('name' in operation ? operation.name : operation.kind),
    onDegraded: (error) => errors.push(error),
  })
  return { log, seen, errors }
}

test('a command is applied by its author and by whoever opens the log later', async () => {
  await using author = (await open()).log
  expect(await author.append(command('A', -1))).toBe(0)
  expect(await author.append(command('B', 0))).toBe(1)
  const late = await open()
  await using _late = late.log
  expect(late.seen).toEqual(['A', 'B'])
  expect(late.log.lastAccepted).toBe(1)
  expect(late.log.nextOffset).toBe(2)
})

test('of two authors that write after the same command the second is passed over by everybody', async () => {
  const one = await open()
  const two = await open()
  await using _one = one.log
  await using _two = two.log
  expect(await one.log.append(command('A', -1))).toBe(0)
  expect(await two.log.append(command('B', -1))).toBeUndefined()
  expect(await two.log.append(command('B', two.log.lastAccepted))).toBe(2)
  await one.log.catchUp()
  expect(one.seen).toEqual(['A', 'B'])
  expect(two.seen).toEqual(['A', 'B'])
})

test('a command of a newer format stops the reader instead of being skipped', async () => {
  const { log, seen, errors } = await open()
  await using _log = log
  await log.append(command('A', -1))
  await expect(
    log.append({ ...command('B', 0), version: commandFormatVersion + 1 }),
  ).rejects.toThrow(/command format 2/)
  expect(seen).toEqual(['A'])
  expect(errors).toHaveLength(1)
  await expect(log.append(command('C', 0))).rejects.toThrow(/command format 2/)
  const late = await open()
  await using _late = late.log
  expect(late.seen).toEqual(['A'])
  expect(late.log.degraded).toBeDefined()
})

test('what is no command at all is corruption with its place', async () => {
  const { log, errors } = await open()
  await using _log = log
  await using producer = kafka.producer({ lingerMs: 0 })
  await producer.init()
  producer.send({ topic, partition: 0, key: null, value: new TextEncoder().encode('{') })
  await producer.flush()
  await expect(log.catchUp()).rejects.toThrow(/command is not JSON in "commands" at offset 0/)
  expect(errors).toHaveLength(1)
})

test('waiting for a command that does not come ends in time', async () => {
  await using log = (await open()).log
  await expect(log.waitFor(5, 20)).rejects.toMatchObject({ code: 'VARVE_TIMEOUT' })
})
