import type { SeededRandom } from '@varve/base/testing'
import {
  createRowSerde,
  InMemorySchemaRegistry,
  type Columns,
  type FormatSpec,
  type Row,
  type SqlType,
  type Value,
} from '@varve/serde'

import type { FuzzTarget } from '../fuzz/fuzz-target.ts'

const nested: Columns = [
  { name: 'I', type: { kind: 'INTEGER' } },
  { name: 'B', type: { kind: 'BIGINT' } },
  { name: 'D', type: { kind: 'DOUBLE' } },
  { name: 'P', type: { kind: 'DECIMAL', precision: 9, scale: 3 } },
  { name: 'S', type: { kind: 'STRING' } },
  { name: 'F', type: { kind: 'BOOLEAN' } },
  { name: 'Y', type: { kind: 'BYTES' } },
  { name: 'TS', type: { kind: 'TIMESTAMP' } },
  { name: 'DT', type: { kind: 'DATE' } },
  { name: 'TM', type: { kind: 'TIME' } },
  { name: 'A', type: { kind: 'ARRAY', element: { kind: 'STRING' } } },
  { name: 'M', type: { kind: 'MAP', key: { kind: 'STRING' }, value: { kind: 'BIGINT' } } },
  {
    name: 'T',
    type: {
      kind: 'STRUCT',
      fields: [
        { name: 'X', type: { kind: 'INTEGER' } },
        { name: 'L', type: { kind: 'ARRAY', element: { kind: 'DOUBLE' } } },
      ],
    },
  },
]
const flat = nested.slice(0, 10)

/** A decoder of each format, over a row with columns of every type that the format has. */
export async function createFormatTargets(): Promise<readonly FuzzTarget[]> {
  const single = (kind: 'INTEGER' | 'BIGINT' | 'DOUBLE' | 'STRING' | 'BYTES'): Columns => [
    { name: 'V', type: { kind } },
  ]
  return Promise.all([
    formatTarget('json', { format: 'JSON' }, nested),
    formatTarget('json-bare', { format: 'JSON', wrap: false }, [nested[11]!]),
    formatTarget('json-sr', { format: 'JSON_SR' }, nested),
    formatTarget('avro', { format: 'AVRO' }, nested),
    formatTarget('protobuf', { format: 'PROTOBUF' }, nested),
    formatTarget('protobuf-nosr', { format: 'PROTOBUF_NOSR' }, nested),
    formatTarget('protobuf-wrapper', { format: 'PROTOBUF', nullable: 'WRAPPER' }, nested),
    formatTarget('delimited', { format: 'DELIMITED' }, flat),
    formatTarget('kafka-integer', { format: 'KAFKA' }, single('INTEGER')),
    formatTarget('kafka-bigint', { format: 'KAFKA' }, single('BIGINT')),
    formatTarget('kafka-double', { format: 'KAFKA' }, single('DOUBLE')),
    formatTarget('kafka-string', { format: 'KAFKA' }, single('STRING')),
    formatTarget('kafka-bytes', { format: 'KAFKA' }, single('BYTES')),
  ])
}

async function formatTarget(
  name: string,
  format: FormatSpec,
  columns: Columns,
): Promise<FuzzTarget> {
  const serde = createRowSerde(format, columns, {
    side: 'value',
    topic: name,
    registry: new InMemorySchemaRegistry(),
  })
  await serde.ensureRegistered()
  const first = serde.serialize(randomRow(columns, zeroes))
  if (first !== null) await serde.prepare(first)
  return {
    name,
    make: (random) => {
      for (;;) {
        const bytes = serde.serialize(randomRow(columns, random))
        if (bytes !== null) return bytes
      }
    },
    run(input) {
      const row = serde.deserialize(input)
      if (row === null) return
      if (row.length !== columns.length) throw new Error(`${row.length} columns are read`)
      // What was read can be written, and is read the same then.
      const again = serde.deserialize(serde.serialize(row))
      if (again === null && row.every((value) => value === null)) return
      if (textOf(again) !== textOf(row)) {
        throw new Error(`${textOf(row)} comes back as ${textOf(again)}`)
      }
    },
    allocationMax: (bytes) => 1_048_576 + bytes * 512,
  }
}

const zeroes: Pick<SeededRandom, 'below' | 'bytes'> = {
  below: () => 1,
  bytes: (length) => new Uint8Array(length),
}

function randomRow(columns: Columns, random: Pick<SeededRandom, 'below' | 'bytes'>): Row {
  return columns.map(({ type }) => randomValue(type, random))
}

function randomValue(type: SqlType, random: Pick<SeededRandom, 'below' | 'bytes'>): Value {
  if (random.below(8) === 0) return null
  switch (type.kind) {
    case 'INTEGER':
      return random.below(2 ** 31) - random.below(2 ** 31)
    case 'DATE':
      return random.below(40_000)
    case 'TIME':
      return random.below(86_400_000)
    case 'BIGINT':
      return random.below(3) === 0 ? 9_007_199_254_740_993n : random.below(1_000_000)
    case 'TIMESTAMP':
      return random.below(2 ** 31) * 500
    case 'DOUBLE':
      return random.below(1_000_000) / (1 + random.below(1_000))
    case 'DECIMAL':
      return { unscaled: BigInt(random.below(999_999_999)), scale: type.scale }
    case 'BOOLEAN':
      return random.below(2) === 0
    case 'STRING':
      return Buffer.from(random.bytes(random.below(12))).toString('base64url')
    case 'BYTES':
      return new Uint8Array(random.bytes(random.below(20)))
    case 'ARRAY':
      return Array.from({ length: random.below(4) }, () => nonNull(type.element, random))
    case 'MAP':
      return new Map(
        Array.from({ length: random.below(4) }, (_, i) => [`k${i}`, nonNull(type.value, random)]),
      )
    case 'STRUCT':
      return type.fields.map((field) => randomValue(field.type, random))
  }
}

/** Elements: some formats have no nulls there. */
function nonNull(type: SqlType, random: Pick<SeededRandom, 'below' | 'bytes'>): Value {
  for (;;) {
    const value = randomValue(type, random)
    if (value !== null) return value
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`
    if (inner instanceof Map) return [...(inner as Map<unknown, unknown>)]
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner)
    return inner
  })
}
