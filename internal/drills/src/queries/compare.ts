import { readCommitted } from '@varve/internal-load'
import type { Engine } from '@varve/runtime'

import {
  closableWindows,
  expectedRows,
  line,
  matchedPairs,
  sorted,
  unmatchedPairs,
  type Rows,
} from './expected.ts'
import { personOf, keyAt, KEYS, type Order } from './input.ts'

type Fields = Readonly<Record<string, string | number | null>>

const decoder = new TextDecoder()
/** An order that only moves time on; see the child. */
const FLUSH_DAYS = 20 * 86_400_000

/** The orders in the topic, those of each partition in order, without those that only move time on. */
export async function readOrders(engine: Engine): Promise<readonly Order[]> {
  const orders: Order[] = []
  await readCommitted(engine.kafka, 'orders', ({ key, value, timestamp }) => {
    const fields = JSON.parse(decoder.decode(value!)) as Record<string, number>
    orders.push({
      k: decoder.decode(key!),
      id: fields['ID']!,
      amount: fields['AMOUNT']!,
      region: fields['REGION']!,
      timestamp,
    })
  })
  const first = orders[0]?.timestamp ?? 0
  return orders.filter((order) => order.timestamp - first < FLUSH_DAYS)
}

/** What is not as the orders call for: one text for each query, none when all is right. */
export async function differences(engine: Engine, isFlushed: boolean): Promise<string[]> {
  const orders = await readOrders(engine)
  const found: string[] = []
  const check = (name: string, actual: Rows, expected: Rows): void => {
    const difference = firstDifference(actual, expected)
    if (difference !== undefined) found.push(`${name}: ${difference}`)
  }
  if (!isFlushed) {
    const expected = expectedRows(orders)
    for (const [name, rows] of Object.entries(expected)) {
      const topic = topicReaders[name]
      check(name, topic === undefined ? await pulled(engine, name) : await topic(engine), rows)
    }
    const people = Array.from({ length: KEYS }, (_, n) => keyAt(n)).filter(
      (k) => personOf(k) !== undefined,
    )
    check(
      'PEOPLE_VIEW',
      await pulled(engine, 'PEOPLE_VIEW'),
      sorted(people.map((k) => line([k, personOf(k)!]))),
    )
  }
  const windows = closableWindows(orders)
  const closed = await closedWindows(engine)
  const pairs = await pairsIn(engine)
  if (isFlushed) {
    check('CLOSED', closed, windows)
    // The flush itself is an order without a pair whose time is not over.
    check('PAIRS', pairs, sorted([...matchedPairs(orders), ...unmatchedPairs(orders)]))
  } else {
    const known = new Set(windows)
    check('CLOSED', closed, sorted([...new Set(closed.filter((row) => known.has(row)))]))
    check('PAIRS', pairs, matchedPairs(orders))
  }
  return found
}

const topicReaders: Readonly<Record<string, (engine: Engine) => Promise<Rows>>> = {
  NAMED: (engine) =>
    inTopic(engine, 'named', (key, f) => [decoder.decode(key), f['ID']!, f['NAME'] ?? null]),
  MOVED: (engine) => inTopic(engine, 'moved', (key, f) => [int(key), f['ID']!]),
}

function pairsIn(engine: Engine): Promise<Rows> {
  return inTopic(engine, 'pairs', (key, f) => [decoder.decode(key), f['ID']!, f['OTHER'] ?? null])
}

/** A windowed key ends with the window's start, 8 bytes. */
function closedWindows(engine: Engine): Promise<Rows> {
  return inTopic(engine, 'closed', (key, f) => {
    const at = key.length - 8
    const start = Number(new DataView(key.buffer, key.byteOffset + at).getBigInt64(0))
    return [decoder.decode(key.subarray(0, at)), start, start + 5_000, f['C']!]
  })
}

async function inTopic(
  engine: Engine,
  topic: string,
  row: (key: Uint8Array, fields: Fields) => readonly (string | number | null)[],
): Promise<Rows> {
  const lines: string[] = []
  await readCommitted(engine.kafka, topic, ({ key, value }) => {
    lines.push(line(row(key!, JSON.parse(decoder.decode(value!)) as Fields)))
  })
  return sorted(lines)
}

async function pulled(engine: Engine, table: string): Promise<Rows> {
  const rows = await engine.query<readonly (string | number | null)[]>(`SELECT * FROM ${table};`, {
    rows: 'array',
  })
  return sorted(rows.map(line))
}

function int(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0)
}

function firstDifference(actual: Rows, expected: Rows): string | undefined {
  const length = Math.max(actual.length, expected.length)
  for (let i = 0; i < length; i++) {
    if (actual[i] !== expected[i]) {
      return `${actual.length} rows where ${expected.length} are due; row ${i} is ${actual[i]}, expected ${expected[i]}`
    }
  }
  return undefined
}
