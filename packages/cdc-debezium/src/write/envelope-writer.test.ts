import { InMemorySchemaRegistry, SqlTypes } from '@varve/serde'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Change, ChangeRecord, RowChange } from '../change.ts'
import { ChangeDecoder } from '../change-decoder.ts'
import { DebeziumTable } from '../table/debezium-table.ts'
import {
  createStruct,
  ExactDecimal,
  Instant,
  JsonText,
  PlainDate,
  PlainDateTime,
  PlainTime,
  UNAVAILABLE,
  type ColumnValue,
} from '../values/values.ts'
import type { EnvelopeColumn } from './column-schema.ts'
import { EnvelopeWriter, type EnvelopeWriterOptions } from './envelope-writer.ts'

const column = (
  type: EnvelopeColumn['type'],
  value: fc.Arbitrary<ColumnValue>,
): { type: EnvelopeColumn['type']; value: fc.Arbitrary<ColumnValue> } => ({ type, value })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const bytes = fc.uint8Array({ maxLength: 9 }).map((b) => new Uint8Array(b))
/** Types beside values as the decoder gives them. */
const TYPES = {
  flag: column(SqlTypes.BOOLEAN, fc.boolean()),
  small: column('int16', fc.integer({ min: -32768, max: 32767 })),
  whole: column(SqlTypes.INTEGER, fc.integer()),
  long: column(SqlTypes.BIGINT, int64),
  real: column(SqlTypes.DOUBLE, fc.double()),
  text: column(SqlTypes.STRING, fc.string({ unit: 'binary' })),
  binary: column(SqlTypes.BYTES, bytes),
  amount: column(
    { kind: 'DECIMAL', precision: 30, scale: 3 },
    fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }).map((n) => new ExactDecimal(n, 3)),
  ),
  day: column(
    SqlTypes.DATE,
    fc.integer({ min: -99999, max: 99999 }).map((d) => new PlainDate(d)),
  ),
  hour: column(
    SqlTypes.TIME,
    fc.nat(86399999).map((ms) => new PlainTime(BigInt(ms) * 1_000_000n)),
  ),
  moment: column(
    SqlTypes.TIMESTAMP,
    fc.maxSafeInteger().map((ms) => new PlainDateTime(BigInt(ms) * 1_000_000n)),
  ),
  fine: column(
    'io.debezium.time.MicroTimestamp',
    fc.maxSafeInteger().map((us) => new PlainDateTime(BigInt(us) * 1000n)),
  ),
  zoned: column(
    'io.debezium.time.ZonedTimestamp',
    fc.nat(2 ** 31).map((s) => new Instant(BigInt(s) * 1_000_000_000n)),
  ),
  'json-text': column(
    'io.debezium.data.Json',
    fc.json().map((text) => new JsonText(text)),
  ),
  list: column(
    { kind: 'ARRAY', element: SqlTypes.BIGINT },
    fc.array(fc.option(int64, { nil: null }), { maxLength: 4 }),
  ),
  map: column(
    { kind: 'MAP', key: SqlTypes.STRING, value: SqlTypes.STRING },
    fc
      .uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 })), {
        selector: ([key]) => key,
        maxLength: 3,
      })
      .map((entries) => new Map<ColumnValue, ColumnValue>(entries)),
  ),
  struct: column(
    { kind: 'STRUCT', fields: [{ name: 'A', type: SqlTypes.INTEGER }] },
    fc.option(fc.integer(), { nil: null }).map((a) => {
      const struct = createStruct()
      struct['A'] = a
      return struct
    }),
  ),
} as const
const columns: readonly EnvelopeColumn[] = [
  { name: 'id', type: SqlTypes.BIGINT },
  ...Object.entries(TYPES).map(([name, { type }]) => ({ name, type })),
]
const row = fc
  .record({
    id: int64,
    ...Object.fromEntries(
      Object.entries(TYPES).map(([name, { value }]) => [name, fc.option(value, { nil: null })]),
    ),
  })
  .map((members) => Object.assign(createStruct(), members))

const formats: readonly EnvelopeWriterOptions['format'][] = ['json', 'json-schema', 'avro']

describe.each(formats)('%s', (format) => {
  test('rows are read as they were written', async () => {
    const registry = new InMemorySchemaRegistry()
    const hints = Object.fromEntries(columns.map(({ name, type }) => [name, hintOf(type)]))
    const writer = new EnvelopeWriter({
      topic: 'view.public.rows',
      table: { database: 'd', schema: 'public', name: 'rows' },
      columns,
      keyColumns: ['id'],
      format,
      registry,
      now: () => 1710928800123,
    })
    await writer.ensureRegistered()
    const told = Object.entries(hints).filter(([, hint]) => hint !== undefined)
    const decoder = new ChangeDecoder({
      registry,
      ...(format === 'json' ? { columns: Object.fromEntries(told) as Record<string, string> } : {}),
    })
    const decode = async (record: ChangeRecord): Promise<Change> => {
      await decoder.prepare(record)
      return decoder.decode(record)
    }
    await fc.assert(
      fc.asyncProperty(row, row, async (before, other) => {
        const after = Object.assign(createStruct(), other, { id: before['id'] })
        const [created] = writer.write({ after })
        const change = (await decode(created!)) as RowChange
        expect(change).toMatchObject({ kind: 'row', op: 'c', before: null })
        expect(inFormat(change.after, format)).toEqual(inFormat(renamed(after, format), format))
        const [updated] = writer.write({ before, after, timeMs: 5 })
        const update = (await decode(updated!)) as RowChange
        expect(update.op).toBe('u')
        expect(inFormat(update.before, format)).toEqual(inFormat(renamed(before, format), format))
        expect(update.time?.epochMilliseconds).toBe(5)
        const kinds = []
        for (const record of writer.write({ before })) kinds.push((await decode(record)).kind)
        expect(kinds).toEqual(['row', 'tombstone'])
      }),
      { numRuns: 60 },
    )
  })
})

/** Without schemas the types are told; lists, maps and structs cannot be. */
function hintOf(
  type: EnvelopeColumn['type'],
): string | { name: string; scale: number } | undefined {
  if (typeof type === 'string') return type
  const names: Readonly<Record<string, string>> = {
    BIGINT: 'int64',
    BYTES: 'bytes',
    DOUBLE: 'double',
    DATE: 'io.debezium.time.Date',
    TIME: 'io.debezium.time.Time',
    TIMESTAMP: 'io.debezium.time.Timestamp',
  }
  return type.kind === 'DECIMAL'
    ? { name: 'org.apache.kafka.connect.data.Decimal', scale: type.scale }
    : names[type.kind]
}

function inFormat(row: object | null, format: string): object {
  const { list, map, ...rest } = row as Record<string, unknown>
  const numbers = rest as Record<string, unknown>
  // JSON has one zero.
  if (format !== 'avro' && Object.is(numbers['real'], -0)) numbers['real'] = 0
  if (Object.is(numbers['real'], -0)) numbers['real'] = 0
  return format === 'json' ? { ...numbers } : { ...numbers, list, map }
}

/** Avro has no dashes in names. */
function renamed(row: object, format: string): object {
  if (format !== 'avro') return row
  return Object.fromEntries(Object.entries(row).map(([name, v]) => [name.replace('-', '_'), v]))
}

const totals = (more: Partial<EnvelopeWriterOptions> = {}): EnvelopeWriter =>
  new EnvelopeWriter({
    topic: 'shop.totals',
    table: { name: 'totals' },
    columns: [
      { name: 'id', type: SqlTypes.INTEGER },
      { name: 'total', type: SqlTypes.STRING },
    ],
    keyColumns: ['id'],
    format: 'json-schema',
    ...more,
  })

test('a change of the key is a delete, its tombstone and a create that name each other', () => {
  const decoder = new ChangeDecoder()
  const records = totals().write({ before: [1, 'a'], after: [2, 'b'] })
  const changes = records.map((record) => decoder.decode(record))
  expect(changes.map(({ kind, effect }) => [kind, effect])).toEqual([
    ['row', 'delete'],
    ['tombstone', 'delete'],
    ['row', 'upsert'],
  ])
  expect(changes[0]).toMatchObject({ key: { id: 1 }, keyChange: { newKey: { id: 2 } } })
  expect(changes[2]).toMatchObject({ key: { id: 2 }, keyChange: { oldKey: { id: 1 } } })
})

test('a table reads what was written, repeated and out of order, by its positions', () => {
  const decoder = new ChangeDecoder()
  const writer = totals()
  const table = new DebeziumTable()
  const first = writer.write({ after: [1, 'a'], position: 1 })
  const second = writer.write({ before: [1, 'a'], after: [1, 'b'], position: 2n })
  const read = writer.write({ after: [1, 'a'], position: 1, snapshot: true })
  for (const record of [...second, ...first, ...read, ...second, ...first])
    table.apply(decoder.decode(record))
  expect([...table.rows()].map(({ row: kept }) => ({ ...kept }))).toEqual([{ id: 1, total: 'b' }])
  table.apply(decoder.decode(writer.truncate({ position: 3 })))
  expect(table.size).toBe(0)
})

test('what was not sent is written as the placeholder', () => {
  const [record] = totals().write({ after: { id: 1, total: UNAVAILABLE } })
  expect(new ChangeDecoder().decode(record!)).toMatchObject({ unavailable: ['total'] })
})

test.each([
  ['null in a key', { after: [null, 'a'] }],
  ['a fraction in a whole column', { after: [1.5, 'a'] }],
  ['a number out of range', { after: [2 ** 31, 'a'] }],
  ['a number as text', { after: [1, 2] }],
])('%s is refused', (_, change) => {
  expect(() => totals().write(change)).toThrow(
    expect.objectContaining({ code: 'VARVE_SERIALIZATION' }) as Error,
  )
})

test('options that cannot hold are refused', () => {
  expect(() => totals({ keyColumns: ['none'] })).toThrow('a key column is no column')
  expect(() => totals({ format: 'avro' })).toThrow('Avro needs a schema registry')
  expect(() => totals({ columns: [{ name: 'id', type: 'odd' }] })).toThrow('unknown type "odd"')
})
