import { personOf, regionName, type Order } from './input.ts'

/** Rows as lines of text, sorted. */
export type Rows = readonly string[]

/** What every query has to hold, computed from the orders alone, in plain loops. */
export function expectedRows(orders: readonly Order[]): Readonly<Record<string, Rows>> {
  const byKey = groups(orders, (order) => order.k)
  const byRegion = groups(orders, (order) => order.region)
  const last = (list: readonly Order[]): Order => list.at(-1)!
  const keysOfRegion = groups([...byKey.values()].map(last), (order) => order.region)
  return {
    BY_KEY: rows(byKey, (k, list) => [
      k,
      list.length,
      sum(list),
      Math.max(...list.map((o) => o.id)),
      new Set(list.map((o) => o.region)).size,
    ]),
    BY_REGION: rows(byRegion, (region, list) => [region, list.length, sum(list)]),
    LARGE: rows(byRegion, (region, list) =>
      list.length > 500 ? [region, Math.min(...list.map((o) => o.id))] : undefined,
    ),
    LATEST: rows(byKey, (k, list) => [k, last(list).region]),
    KEYS_OF_REGION: rows(keysOfRegion, (region, list) => [region, list.length]),
    KNOWN: rows(byKey, (k, list) =>
      personOf(k) === undefined ? undefined : [k, list.length, personOf(k)!],
    ),
    IN_REGION: rows(byKey, (k, list) => [k, regionName(last(list).region) ?? null]),
    BUSY: rows(byKey, (k, list) => (list.length > 300 ? [k, list.length] : undefined)),
    TUMBLED: windowed(byKey, 10_000, 10_000, (list) => list.length),
    HOPPED: windowed(byKey, 10_000, 5_000, sum),
    SESSIONS: sessions(byKey, 3_000),
    NAMED: sorted(orders.map((o) => line([o.k, o.id, personOf(o.k) ?? null]))),
    MOVED: sorted(orders.map((o) => line([o.region, o.id]))),
  }
}

/** Counts of the windows of 5 s by key and start; a query that emits them when they close has emitted all but the last of each partition. */
export function closableWindows(orders: readonly Order[]): Rows {
  const byKey = groups(orders, (order) => order.k)
  return windowed(byKey, 5_000, 5_000, (list) => list.length)
}

/** The matched halves of the left join; unmatched ones follow when their time is over. */
export function matchedPairs(orders: readonly Order[]): Rows {
  return sorted(orders.filter((o) => o.id % 3 !== 0).map((o) => line([o.k, o.id, o.id])))
}

/** The unmatched halves. */
export function unmatchedPairs(orders: readonly Order[]): Rows {
  return sorted(orders.filter((o) => o.id % 3 === 0).map((o) => line([o.k, o.id, null])))
}

/** A row as one text. */
export function line(values: readonly (string | number | null)[]): string {
  return JSON.stringify(values)
}

export function sorted(lines: readonly string[]): Rows {
  return [...lines].sort()
}

function sum(list: readonly Order[]): number {
  return list.reduce((total, order) => total + order.amount, 0)
}

function groups<K>(
  orders: readonly Order[],
  keyOf: (order: Order) => K,
): ReadonlyMap<K, readonly Order[]> {
  return Map.groupBy(orders, keyOf)
}

function rows<K>(
  grouped: ReadonlyMap<K, readonly Order[]>,
  row: (key: K, list: readonly Order[]) => readonly (string | number | null)[] | undefined,
): Rows {
  const lines: string[] = []
  for (const [key, list] of grouped) {
    const values = row(key, list)
    if (values !== undefined) lines.push(line(values))
  }
  return lines.sort()
}

function windowed(
  byKey: ReadonlyMap<string, readonly Order[]>,
  sizeMs: number,
  advanceMs: number,
  value: (list: readonly Order[]) => number,
): Rows {
  const lines: string[] = []
  for (const [k, list] of byKey) {
    const windows = new Map<number, Order[]>()
    for (const order of list) {
      const newest = Math.floor(order.timestamp / advanceMs) * advanceMs
      for (let start = newest; start > order.timestamp - sizeMs; start -= advanceMs) {
        const window = windows.get(start)
        if (window === undefined) windows.set(start, [order])
        else window.push(order)
      }
    }
    for (const [start, members] of windows)
      lines.push(line([k, start, start + sizeMs, value(members)]))
  }
  return lines.sort()
}

function sessions(byKey: ReadonlyMap<string, readonly Order[]>, gapMs: number): Rows {
  const lines: string[] = []
  for (const [k, list] of byKey) {
    let start = list[0]!.timestamp
    let end = start
    let count = 0
    for (const { timestamp } of list) {
      if (timestamp > end + gapMs) {
        lines.push(line([k, start, end, count]))
        start = timestamp
        count = 0
      }
      end = timestamp
      count++
    }
    lines.push(line([k, start, end, count]))
  }
  return lines.sort()
}
