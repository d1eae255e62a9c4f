import { ChangeDecoder, DebeziumTable, type ChangeRecord } from '@varve/cdc-debezium'
import { InMemorySchemaRegistry } from '@varve/serde'
import avro from 'avsc'

import { compare, type Comparison, type Contender } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { avroSchema, keySchema, orderEvents, toJson, valueSchema } from './events.ts'

const records = 2_000
const passes = 10

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
    await compareOn('JSON without schemas', plain, [jsonParse(plain)], options),
    await compareOn('JSON with schemas', withSchema, [jsonParse(withSchema)], options),
    await compareOn('Avro', framed.records, [framed.peer], options, framed.registry),
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

/** What everyone does who has no decoder: both sides through the built-in parser, long numbers rounded. */
function jsonParse(sent: readonly ChangeRecord[]): Contender {
  const decoder = new TextDecoder()
  let sum = 0
  return perEvent('JSON.parse', () => {
    for (const { key, value } of sent) {
      const parsed = JSON.parse(decoder.decode(value!)) as { op?: string; payload?: object }
      const id = JSON.parse(decoder.decode(key!)) as object
      sum += parsed.op === undefined && parsed.payload === undefined ? 1 : 0
      sum += id === null ? 1 : 0
    }
    if (sum > 0) throw new Error('no event')
  })
}

async function encodeAvro(): Promise<{
  records: readonly ChangeRecord[]
  registry: InMemorySchemaRegistry
  peer: Contender
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
  const peer = perEvent('avsc', () => {
    for (const record of sent) {
      types[1].fromBuffer(Buffer.from(record.value.buffer, record.value.byteOffset + 5))
      types[0].fromBuffer(Buffer.from(record.key.buffer, record.key.byteOffset + 5))
    }
  })
  return { records: sent, registry, peer }
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
