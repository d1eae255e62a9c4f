import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { ChangeRecord } from '../change.ts'
import { ChangeDecoder } from '../change-decoder.ts'
import { formatValue } from '../values/value-text.ts'
import { DebeziumTable } from './debezium-table.ts'
import { loadTable, saveTable } from './saved-table.ts'
import { MemoryTableStore } from './table-store.ts'

type Connector = 'postgresql' | 'mysql' | 'mariadb' | 'sqlserver' | 'oracle'
interface Row {
  readonly id: number
  readonly n: number
  readonly big: string
}
/** A statement; `big` undefined leaves the large column as it is. */
type Operation =
  | {
      readonly kind: 'put'
      readonly id: number
      readonly n: number
      readonly big: string | undefined
    }
  | { readonly kind: 'delete'; readonly id: number }
  | { readonly kind: 'move'; readonly id: number; readonly to: number }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'snapshot'; readonly mark: 'true' | 'incremental' }

const PLACEHOLDER = '__debezium_unavailable_value'
const bytes = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json))
const lsn = (n: number): string => `00000001:${String(n).padStart(8, '0')}:0001`

function sourceOf(connector: Connector, place: number, snapshot: string): object {
  const common = { connector, name: 'p', db: 'd', table: 't', snapshot, ts_ms: place }
  switch (connector) {
    case 'postgresql':
      return snapshot === 'false'
        ? {
            ...common,
            lsn: place * 10,
            txId: place,
            sequence: `["${place * 10 - 5}","${place * 10}"]`,
          }
        : { ...common, lsn: null, sequence: `[null,"${place * 10 - 5}"]` }
    case 'mysql':
      return {
        ...common,
        server_id: snapshot === 'true' ? 0 : 1,
        file: 'bin.000009',
        pos: place * 10,
        row: 0,
      }
    case 'mariadb': {
      // The log goes on in another file; the tenth file comes after the ninth.
      const file = `bin.${String(9 + Math.floor(place / 5)).padStart(6, '0')}`
      return { ...common, server_id: 1, file, pos: (place % 5) * 100, row: 0, gtid: `0-1-${place}` }
    }
    case 'sqlserver':
      return snapshot === 'false'
        ? { ...common, commit_lsn: lsn(place), change_lsn: lsn(place), event_serial_no: 1 }
        : { ...common, commit_lsn: lsn(place - 1), change_lsn: null }
    case 'oracle':
      return { ...common, scn: String(place), commit_scn: String(place * 2), txId: `1.2.${place}` }
  }
}

/** What a connector sends for statements, and the table after each record. */
class Simulation {
  readonly records: ChangeRecord[] = []
  /** Rows of the database after each record. */
  readonly states: string[] = []
  #place = 1
  readonly #rows = new Map<number, Row>()
  readonly #connector: Connector

  constructor(connector: Connector, operations: readonly Operation[]) {
    this.#connector = connector
    for (const operation of operations) this.#run(operation)
  }

  #run(operation: Operation): void {
    this.#place++
    const toasts = this.#connector === 'postgresql' || this.#connector === 'oracle'
    switch (operation.kind) {
      case 'put': {
        const { id, n, big } = operation
        const old = this.#rows.get(id)
        this.#rows.set(id, { id, n, big: big ?? old?.big ?? 'first' })
        const row = this.#rows.get(id)!
        const sent = old !== undefined && big === undefined && toasts ? PLACEHOLDER : row.big
        return this.#send(id, old === undefined ? 'c' : 'u', { ...row, big: sent })
      }
      case 'delete':
        if (this.#rows.delete(operation.id)) this.#sendDelete(operation.id)
        return
      case 'move': {
        const old = this.#rows.get(operation.id)
        if (old === undefined || this.#rows.has(operation.to)) return
        const { id, to } = operation
        this.#rows.delete(id)
        this.#sendDelete(id, [{ key: '__debezium.newkey', value: bytes({ id: to }) }])
        this.#rows.set(to, { ...old, id: to })
        return this.#send(to, 'c', { ...old, id: to, big: toasts ? PLACEHOLDER : old.big }, [
          { key: '__debezium.oldkey', value: bytes({ id }) },
        ])
      }
      case 'truncate':
        this.#rows.clear()
        return this.#push(null, {
          op: 't',
          source: sourceOf(this.#connector, this.#place, 'false'),
        })
      case 'snapshot':
        for (const row of this.#rows.values()) this.#send(row.id, 'r', row, [], operation.mark)
    }
  }

  #send(
    id: number,
    op: string,
    after: Row,
    headers: ChangeRecord['headers'] = [],
    snapshot = 'false',
  ): void {
    const source = sourceOf(this.#connector, this.#place, snapshot)
    this.#push({ id }, { before: null, after, source, op }, headers)
  }

  #sendDelete(id: number, headers: ChangeRecord['headers'] = []): void {
    const source = sourceOf(this.#connector, this.#place, 'false')
    this.#push({ id }, { before: { id, n: 0, big: '' }, after: null, source, op: 'd' }, headers)
    this.#push({ id }, null, headers)
  }

  #push(key: object | null, value: object | null, headers: ChangeRecord['headers'] = []): void {
    this.records.push({
      topic: 't',
      key: key === null ? null : bytes(key),
      value: value === null ? null : bytes(value),
      headers,
    })
    this.states.push(spell(this.#rows.values()))
  }
}

const spell = (rows: Iterable<object>): string =>
  [...rows]
    .map((row) => JSON.stringify({ ...row }))
    .sort()
    .join()
const rowsOf = (table: DebeziumTable): string => spell([...table.rows()].map(({ row }) => row))

const id = fc.integer({ min: 1, max: 4 })
const put = fc.record({
  kind: fc.constant('put' as const),
  id,
  n: fc.nat(99),
  big: fc.option(fc.constantFrom('x', 'y', 'z'), { nil: undefined }),
})
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), id, to: id }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'truncate' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('snapshot' as const),
      mark: fc.constantFrom('true' as const, 'incremental' as const),
    }),
  },
)
const history = fc.array(operation, { maxLength: 25 })
const connectors: readonly Connector[] = ['postgresql', 'mysql', 'mariadb', 'sqlserver', 'oracle']

describe.each(connectors)('%s', (connector) => {
  test('a table follows its database record by record', () => {
    fc.assert(
      fc.property(history, (operations) => {
        const { records, states } = new Simulation(connector, operations)
        const decoder = new ChangeDecoder()
        const table = new DebeziumTable()
        for (const [i, record] of records.entries()) {
          table.apply(decoder.decode(record))
          expect(rowsOf(table)).toBe(states[i])
        }
        expect(table.size).toBe([...table.rows()].length)
      }),
    )
  })

  test('what a connector sends again after a restart changes nothing on the way', () => {
    fc.assert(
      fc.property(
        history,
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 5 }),
        (operations, restarts) => {
          const { records, states } = new Simulation(connector, operations)
          if (records.length === 0) return
          const decoder = new ChangeDecoder()
          let store = new MemoryTableStore()
          let table = new DebeziumTable({ store })
          let next = 0
          const send = (from: number, to: number): void => {
            for (let i = from; i <= to; i++) {
              table.apply(decoder.decode(records[i]!))
              next = Math.max(next, i + 1)
              expect(rowsOf(table)).toBe(states[next - 1])
            }
          }
          for (const [until, back] of restarts) {
            const to = next + (until % (records.length - next + 1)) - 1
            send(next, to)
            // The table is closed and opened again as well.
            const lines = [...saveTable(table, store)]
            store = new MemoryTableStore()
            table = loadTable(lines, { store })
            const from = Math.max(0, next - (back % 12))
            // Whole operations are repeated: a tombstone follows its delete.
            if (records[from]?.value != null) send(from, next - 1)
          }
          send(next, records.length - 1)
        },
      ),
    )
  })

  test('changes in any order, any number of times, end at the same table', () => {
    const plain = history.map((list) =>
      list.filter(({ kind }) => kind !== 'move' && kind !== 'snapshot'),
    )
    fc.assert(
      fc.property(plain, fc.array(fc.nat(), { maxLength: 80 }), (operations, order) => {
        const { records, states } = new Simulation(connector, operations)
        if (records.length === 0) return
        const decoder = new ChangeDecoder()
        const table = new DebeziumTable()
        const changes = records.filter(({ value }) => value !== null)
        const left = [...changes]
        for (const choice of order) {
          if (left.length === 0) break
          table.apply(decoder.decode(changes[choice % changes.length]!))
          const [next] = left.splice(choice % left.length, 1)
          table.apply(decoder.decode(next!))
        }
        for (const record of left) table.apply(decoder.decode(record))
        expect(rowsOf(table)).toBe(states.at(-1))
      }),
    )
  })
})

test('a read of an incremental snapshot does not undo a change that is newer', () => {
  const decoder = new ChangeDecoder()
  const table = new DebeziumTable()
  const event = (op: string, place: number, n: number, snapshot = 'false'): void => {
    const value = bytes({
      op,
      after: { id: 1, n },
      source: sourceOf('postgresql', place, snapshot),
    })
    table.apply(decoder.decode({ key: bytes({ id: 1 }), value }))
  }
  event('u', 8, 8)
  event('r', 5, 5, 'incremental')
  expect(table.get(decoder.decode({ key: bytes({ id: 1 }), value: null }).key)?.['n']).toBe(8)
  event('r', 12, 12, 'incremental')
  expect([...table.rows()][0]!.row['n']).toBe(12)
})

test('a lone tombstone deletes, one that repeats an old delete does not', () => {
  const decoder = new ChangeDecoder()
  const table = new DebeziumTable()
  const apply = (value: object | null): string =>
    table.apply(decoder.decode({ key: bytes({ id: 1 }), value: value && bytes(value) })).kind
  const change = (op: string, place: number): object => ({
    op,
    after: op === 'd' ? null : { id: 1 },
    source: sourceOf('mysql', place, 'false'),
  })
  expect(apply(change('c', 1))).toBe('insert')
  expect(apply(change('d', 2))).toBe('delete')
  expect(apply(null)).toBe('none')
  expect(apply(change('c', 3))).toBe('insert')
  expect([apply(change('c', 1)), apply(change('d', 2)), apply(null)]).toEqual([
    'stale',
    'stale',
    'none',
  ])
  expect(table.size).toBe(1)
  expect(apply(null)).toBe('delete')
})

test('records at offsets that were seen are passed over', () => {
  const decoder = new ChangeDecoder()
  const table = new DebeziumTable()
  const change = decoder.decode({
    topic: 't',
    key: bytes({ id: 1 }),
    value: bytes({ id: 1, __op: 'c', __deleted: 'false' }),
  })
  expect(table.apply(change, { partition: 0, offset: 7 }).kind).toBe('insert')
  expect(table.apply(change, { partition: 0, offset: '7' }).kind).toBe('stale')
  expect(table.apply(change, { partition: 1, offset: 7n }).kind).toBe('update')
  expect(table.progress.offsets.get('t 0')).toBe(8n)
})

test('rows without key are refused unless their key columns are named', () => {
  const decoder = new ChangeDecoder()
  const change = decoder.decode({
    key: null,
    value: bytes({
      op: 'c',
      after: { a: 1, b: 2 },
      source: { connector: 'postgresql', table: 't' },
    }),
  })
  expect(() => new DebeziumTable().apply(change)).toThrow('name its key columns')
  const named = new DebeziumTable({ keyColumns: ['a'] })
  expect(named.apply(change)).toMatchObject({ kind: 'insert', key: { a: 1 } })
})

test('only so many deleted keys are remembered', () => {
  const store = new MemoryTableStore()
  const table = new DebeziumTable({ store, deletedKeys: 2 })
  const decoder = new ChangeDecoder()
  for (let n = 1; n <= 5; n++)
    for (const op of ['c', 'd']) {
      const source = sourceOf('mysql', n, 'false')
      const value = bytes({ op, after: op === 'c' ? { id: n } : null, source })
      table.apply(decoder.decode({ key: bytes({ id: n }), value }))
    }
  expect([...store.entries()].map(([, { key }]) => formatValue(key))).toHaveLength(2)
})
