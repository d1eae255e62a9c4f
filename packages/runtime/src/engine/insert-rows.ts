import type { InsertRow, RowInserter } from './row-inserter.ts'

/** Rows that may wait for their acknowledgement; more are not taken from the iterable. */
const inFlightMax = 1_000

/** Inserts one row or many; resolves to how many were acknowledged. Rejects with the first failure once all others settled. */
export async function insertRows(
  inserter: RowInserter,
  rows: InsertRow | Iterable<InsertRow> | AsyncIterable<InsertRow>,
  signal?: AbortSignal,
): Promise<number> {
  if (!isIterable(rows)) {
    signal?.throwIfAborted()
    await inserter.insert(rows)
    return 1
  }
  let count = 0
  let inFlight: Promise<unknown>[] = []
  const settle = async (): Promise<void> => {
    const results = await Promise.allSettled(inFlight)
    inFlight = []
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason
      count += 1
    }
  }
  try {
    for await (const row of rows) {
      signal?.throwIfAborted()
      inFlight.push(inserter.insert(row))
      if (inFlight.length >= inFlightMax) await settle()
    }
  } finally {
    await settle()
  }
  return count
}

function isIterable(
  rows: InsertRow | Iterable<InsertRow> | AsyncIterable<InsertRow>,
): rows is Iterable<InsertRow> | AsyncIterable<InsertRow> {
  return Symbol.iterator in rows || Symbol.asyncIterator in rows
}
