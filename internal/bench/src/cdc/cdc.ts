import { ChangeDecoder, DebeziumTable, type ChangeRecord } from '@varve/cdc-debezium'
import { InMemorySchemaRegistry } from '@varve/serde'
import avro from 'avsc'

import { compare, type Comparison, type Contender } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { avroSchema, keySchema, orderEvents, toJson, valueSchema } from './events.ts'

const records = 2_000
/** Enough for a sample to last some tenths of a second: shorter ones are mostly a machine that compiles. */
const passes = 50

/** Decoding of change events, alone and into a table, beside plain parsers on the same bytes. Seconds are those of the processor. */
export async function cdcBenchmark(options: BenchOptions): Promise<Comparison[]> {
  const utf8 = new TextEncoder()
  const events = orderEvents(records)
  const plain = events.map(({ key, value }) => ({
    key: utf8.encode(toJson(key)),
    value: utf8.encode(toJson(value)),
  }))
  const withSchema = events.map(({ key, value }) => ({
    key: utf8.encode(`{"schema":${keySchema},"payload":${toJson(key)}}`),
    value: utf8.encode(`{"schema":${valueSchema},"payload":${toJson(value)}}`),
  }))
  const framed = await encodeAvro()
  return [
    await compareOn('JSON without schemas', plain, jsonParse(plain), options),
    await compareOn('JSON with schemas', withSchema, jsonParse(withSchema), options),
    await compareOn('Avro', framed.records, framed.peers, options, framed.registry),
  ]
}

async function compareOn(
  title: string,
  sent: readonly ChangeRecord[],
  peers: readonly Contender[],
  { rounds, progress }: BenchOptions,
  registry = new InMemorySchemaRegistry(),
): Promise<Comparison> {
  const decoder = new ChangeDecoder({ registry })
  for (const record of sent) await decoder.prepare(record)
  const size = Math.round(sent.reduce((sum, { value }) => sum + value!.length, 0) / sent.length)
  const ours: readonly Contender[] = [
    perEvent('Varve, decode', () => {
      for (const record of sent) decoder.decode(record)
    }),
    perEvent('Varve, decode and read', () => {
      for (const record of sent) {
        const change = decoder.decode(record)
        if (change.kind !== 'row') throw new Error(change.kind)
        readEvent(change.op, change.source?.table.name, change.key, change.before, change.after)
      }
    }),
    perEvent('Varve, to table', () => {
      const table = new DebeziumTable()
      for (const record of sent) table.apply(decoder.decode(record))
      if (table.size !== 500) throw new Error(`${table.size} rows`)
    }),
  ]
  return compare(
    title,
    'events',
    `${size} B values, one core, CPU time`,
    [...ours, ...peers],
    rounds,
    progress,
  )
}

/** Runs `pass` over all records, several times, and counts the processor's time. */
function perEvent(name: string, pass: () => void): Contender {
  return {
    name,
    run: () => {
      pass()
      const before = process.cpuUsage()
      for (let i = 0; i < passes; i++) pass()
      const { user, system } = process.cpuUsage(before)
      const units = records * passes
      const micros = user + system
      return Promise.resolve({
        units,
        seconds: micros / 1e6,
        extra: { 'µs CPU/event': micros / units },
      })
    },
  }
}

/** What a reader of the event touches: the operation, the table's name, every column of the key and of both rows. */
function readEvent(
  op: unknown,
  table: unknown,
  key: unknown,
  before: unknown,
  after: unknown,
): void {
  if (op === undefined || table !== 'orders') throw new Error('no event')
  if (readColumns(key) + readColumns(before) + readColumns(after) !== 13)
    throw new Error('columns are missing')
}

/** Counts the columns that have a value, each of which is read. */
function readColumns(row: unknown): number {
  if (row === null) return 0
  let values = 0
  for (const name of Object.keys(row as object))
    if ((row as Readonly<Record<string, unknown>>)[name] !== undefined) values++
  return values
}

interface PlainEvent {
  readonly op: string
  readonly source: { readonly table: string }
  readonly before: unknown
  readonly after: unknown
}

/** What everyone does who has no decoder: both sides through the built-in parser, long numbers rounded. */
function jsonParse(sent: readonly ChangeRecord[]): readonly Contender[] {
  const decoder = new TextDecoder()
  const parse = (bytes: Uint8Array): unknown => {
    const parsed = JSON.parse(decoder.decode(bytes)) as { readonly payload?: unknown }
    return parsed.payload ?? parsed
  }
  return [
    perEvent('JSON.parse', () => {
      for (const { key, value } of sent)
        if (parse(value!) === null || parse(key!) === null) throw new Error('no event')
    }),
    perEvent('JSON.parse and read', () => {
      for (const { key, value } of sent) {
        const { op, source, before, after } = parse(value!) as PlainEvent
        readEvent(op, source.table, parse(key!), before, after)
      }
    }),
  ]
}

async function encodeAvro(): Promise<{
  records: readonly ChangeRecord[]
  registry: InMemorySchemaRegistry
  peers: readonly Contender[]
}> {
  const registry = new InMemorySchemaRegistry()
  const key = { type: 'record', name: 'Key', fields: [{ name: 'id', type: 'long' }] }
  const ids = [
    await registry.register('k', { schemaType: 'AVRO', schema: JSON.stringify(key) }),
    await registry.register('v', { schemaType: 'AVRO', schema: JSON.stringify(avroSchema) }),
  ] as const
  // Long numbers must come out whole on both sides.
  const long = bigintLong()
  const types = [key, avroSchema].map((schema) =>
    avro.Type.forSchema(schema as avro.Schema, {
      typeHook: (part) =>
        part === 'long' || (part as { type?: unknown }).type === 'long' ? long : undefined,
    }),
  ) as [avro.Type, avro.Type]
  const frame = (id: number, type: avro.Type, value: unknown): Uint8Array => {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(id, 1)
    return new Uint8Array(Buffer.concat([head, type.toBuffer(value)]))
  }
  const sent = orderEvents(records).map((event) => ({
    key: frame(ids[0], types[0], longs(event.key)),
    value: frame(ids[1], types[1], longs(event.value)),
  }))
  const parse = (type: avro.Type, bytes: Uint8Array): unknown =>
    type.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset + 5, bytes.length - 5))
  const peers = [
    perEvent('avsc', () => {
      for (const { key, value } of sent)
        if (parse(types[1], value) === null || parse(types[0], key) === null)
          throw new Error('no event')
    }),
    perEvent('avsc and read', () => {
      for (const { key, value } of sent) {
        const { op, source, before, after } = parse(types[1], value) as PlainEvent
        readEvent(op, source.table, parse(types[0], key), before, after)
      }
    }),
  ]
  return { records: sent, registry, peers }
}

/** As avsc's documentation has it for 64-bit integers. */
function bigintLong(): avro.Type {
  return avro.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const buffer = Buffer.alloc(8)
      buffer.writeBigInt64LE(BigInt(value))
      return buffer
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
  })
}

const longNames = new Set(
  'id customer_id created_at ts_ms ts_us ts_ns txId lsn xmin total_order data_collection_order'.split(
    ' ',
  ),
)

/** Values in avsc's types: 64-bit integers as bigints, decimals as bytes. */
function longs(value: unknown, name = ''): unknown {
  if (name === 'total') return Buffer.from(value as string, 'base64')
  if (typeof value === 'number' && longNames.has(name)) return BigInt(value)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([member, inner]) => [member, longs(inner, member)]),
  )
}
