/**
 * Opens the engine, checks that the committed outputs are exactly a prefix of what the inputs call for, says `verified n`, and feeds
 * further inputs until it is killed. With `finish` it feeds nothing, waits until all is processed, compares everything and ends.
 */

import { endOffsets, readCommitted, runLoad } from '@varve/internal-load'
import { Engine } from '@varve/runtime'

import { say } from '../say.ts'
import { eventAt, expectedGroups, GROUPS, PARTITIONS, statements } from './protocol.ts'

const [directory, mode] = process.argv.slice(2)
const TOTAL_MAX = 10_000_000
const EVENTS_PER_SECOND = 10_000
const CATCH_UP_MS = 120_000
const decoder = new TextDecoder()

const engine = await Engine.open({ directory: directory! })
if (engine.sources.length === 0) {
  await engine.execute(statements, { properties: { 'auto.offset.reset': 'earliest' } })
}

/** Numbers of a topic by partition, in the order of the log. */
async function numbersIn(
  topic: string,
  read: (value: Record<string, number>) => number,
): Promise<number[][]> {
  const numbers: number[][] = Array.from({ length: PARTITIONS }, () => [])
  await readCommitted(engine.kafka, topic, (record) => {
    numbers[record.partition]!.push(
      read(JSON.parse(decoder.decode(record.value!)) as Record<string, number>),
    )
  })
  return numbers
}

/** How many inputs have their output; throws at the first one that is missing, doubled or out of place. */
async function verifyOutputs(): Promise<number> {
  const outputs = await numbersIn('outputs', (value) => value['TWICE']! / 2)
  const inputs = await numbersIn('inputs', (value) => value['N']!)
  for (const [partition, numbers] of outputs.entries()) {
    for (const [i, n] of numbers.entries()) {
      if (n !== inputs[partition]![i]) {
        throw new Error(
          `output ${i} of partition ${partition} is for input ${n}, expected ${inputs[partition]![i]}`,
        )
      }
    }
  }
  return outputs.reduce((sum, numbers) => sum + numbers.length, 0)
}

/** Whether all inputs are counted; throws when they are, but not as their numbers say. */
async function verifyGroups(total: number): Promise<boolean> {
  const rows = await engine.query<{ G: number; C: number; S: number }>('SELECT * FROM groups;')
  const actual = rows.map((row) => [row.G, row.C, row.S]).sort((a, b) => a[0]! - b[0]!)
  if (actual.reduce((sum, row) => sum + row[1]!, 0) < total) return false
  const inputs = await numbersIn('inputs', (value) => value['N']!)
  const expected = expectedGroups(inputs.flat())
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`groups are ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`)
  }
  return true
}

/** The counts of one group only grow by the changes of its inputs: a repeated transaction would make one fall back or repeat. */
async function verifyGroupChanges(): Promise<void> {
  const last = new Map<number, number>()
  await readCommitted(engine.kafka, 'groups', (record) => {
    const group = new DataView(record.key!.buffer, record.key!.byteOffset).getInt32(0)
    const { C: count } = JSON.parse(decoder.decode(record.value!)) as { C: number }
    if (count <= (last.get(group) ?? 0))
      throw new Error(`count of group ${group} goes from ${last.get(group)} to ${count}`)
    last.set(group, count)
  })
  if (last.size > GROUPS) throw new Error(`${last.size} groups where there are ${GROUPS}`)
}

try {
  let done = await verifyOutputs()
  await verifyGroupChanges()
  say(`verified ${done}`)
  if (mode === 'finish') {
    const total = (await endOffsets(engine.kafka, 'inputs', PARTITIONS)).reduce(
      (sum, end) => sum + end,
      0,
    )
    const deadline = performance.now() + CATCH_UP_MS
    while (done < total || !(await verifyGroups(total))) {
      if (performance.now() > deadline)
        throw new Error(
          `${done} of ${total} inputs have their output after ${CATCH_UP_MS / 1000} s`,
        )
      await new Promise((resolve) => setTimeout(resolve, 200))
      done = await verifyOutputs()
    }
    await verifyGroupChanges()
    await engine.close()
    say(`finished ${total}`)
  } else {
    await runLoad(
      engine.kafka,
      {
        topic: 'inputs',
        partitionCount: PARTITIONS,
        baseOffsets: Array.from({ length: PARTITIONS }, () => 0),
        total: TOTAL_MAX,
        eventsPerSecondMax: EVENTS_PER_SECOND,
      },
      eventAt,
      () => {},
    )
  }
} catch (error) {
  say(`failed ${(error as Error).message}`)
  process.exit(3)
}
