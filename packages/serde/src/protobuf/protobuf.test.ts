import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createRowSerde } from '../create-row-serde.ts'
import { InMemorySchemaRegistry } from '../registry/in-memory-schema-registry.ts'
import type { Columns, FormatSpec } from '../schema.ts'
import { parseSqlType } from '../sql-type-text.ts'
import type { Row } from '../value.ts'
import { columnsFromProtobufSchema } from './proto-columns.ts'
import { protobufSchemaFromColumns } from './proto-schema-writer.ts'
import { ProtoReader, ProtoWriter } from './proto-wire.ts'

function columnsOf(...types: readonly string[]): Columns {
  return types.map((type, i) => ({ name: `C${i + 1}`, type: parseSqlType(type) }))
}

const everyType = columnsOf(
  'BOOLEAN',
  'INTEGER',
  'BIGINT',
  'DOUBLE',
  'STRING',
  'BYTES',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'DECIMAL(10, 3)',
  'ARRAY<DOUBLE>',
  'MAP<STRING, STRUCT<`A` BIGINT>>',
  'STRUCT<`A` BIGINT, `B` ARRAY<STRING>>',
)

const everyValue: Row = [
  true,
  -7,
  -9223372036854775808n,
  -0,
  'ä€😀',
  Uint8Array.of(0, 255),
  -1,
  86_399_999,
  -1,
  { unscaled: -12_500n, scale: 3 },
  [1.5, 0, Infinity],
  new Map([['k', [9007199254740993n]]]),
  [0, ['', 'x']],
]

const nullRow: Row = everyType.map(() => null)

function bare(columns: Columns, spec: Partial<FormatSpec> = {}) {
  return createRowSerde({ format: 'PROTOBUF_NOSR', ...spec }, columns, {
    side: 'value',
    topic: 't',
  })
}

for (const nullable of [undefined, 'OPTIONAL', 'WRAPPER'] as const) {
  test(`rows of every type come back, nulls as ${nullable ?? 'initial values'}`, () => {
    const serde = bare(everyType, nullable === undefined ? {} : { nullable })
    expect(serde.deserialize(serde.serialize(everyValue))).toEqual(everyValue)
    const primitives: Row =
      nullable === undefined ? [false, 0, 0, 0, '', new Uint8Array()] : nullRow.slice(0, 6)
    expect(serde.deserialize(serde.serialize(nullRow))).toEqual([
      ...primitives,
      ...[null, null, null, null],
      [],
      new Map(),
      null,
    ])
    expect(serde.serialize(null)).toBeNull()
  })

  test(`columns come back from their schema, nulls as ${nullable ?? 'initial values'}`, () => {
    const schema = protobufSchemaFromColumns(everyType, nullable === undefined ? {} : { nullable })
    expect(columnsFromProtobufSchema(schema, { side: 'value' })).toEqual({
      columns: everyType,
      skipped: [],
    })
  })
}

test('bytes are those of the specification', () => {
  const serde = bare(columnsOf('INTEGER', 'STRING', 'ARRAY<INTEGER>', 'BIGINT'))
  const bytes = serde.serialize([150, 'testing', [3, 270, 86942], -1])!
  expect(Buffer.from(bytes).toString('hex')).toBe(
    '089601' + '120774657374696e67' + '1a06038e029ea705' + '20ffffffffffffffffff01',
  )
})

test('initial values are left out, and written where null is something else', () => {
  expect(bare(columnsOf('INTEGER')).serialize([0])).toEqual(new Uint8Array())
  const hex = (nullable: 'OPTIONAL' | 'WRAPPER') =>
    Buffer.from(bare(columnsOf('INTEGER'), { nullable }).serialize([0])!).toString('hex')
  expect(hex('OPTIONAL')).toBe('0800')
  expect(hex('WRAPPER')).toBe('0a00')
})

test('the schema numbers messages across all levels', () => {
  const columns = columnsOf('STRUCT<`B` STRUCT<`C` INTEGER>>', 'MAP<STRING, DOUBLE>')
  expect(protobufSchemaFromColumns(columns)).toBe(`syntax = "proto3";

message ConnectDefault1 {
  ConnectDefault2 C1 = 1;
  repeated ConnectDefault4Entry C2 = 2;

  message ConnectDefault2 {
    ConnectDefault3 B = 1;
  
    message ConnectDefault3 {
      int32 C = 1;
    }
  }
  message ConnectDefault4Entry {
    string key = 1;
    double value = 2;
  }
}
`)
})

test('names and types that Protobuf cannot have are refused', () => {
  expect(() => bare([{ name: 'A-B', type: parseSqlType('INTEGER') }])).toThrow(
    'valid Protobuf name',
  )
  expect(() => bare(columnsOf('MAP<INTEGER, INTEGER>'))).toThrow('STRING keys')
  expect(() => bare(columnsOf('ARRAY<ARRAY<INTEGER>>'))).toThrow('ARRAY of ARRAY')
})

const several = `syntax = "proto2"; package a.b;
import "other.proto";
message One { optional int32 id = 1 [default = 7]; }
message Two {
  message In { required sint64 id = 1; extensions 100 to 199; }
  enum Suit { SPADES = 0; HEARTS = 1; }
  oneof pick { int32 x = 1; string y = 2; }
  optional Suit suit = 3;
  map<string, In> by_name = 4;
  repeated fixed64 many = 5 [packed = true];
  optional c.Other other = 6;
  optional Two again = 7;
}`
const other = 'syntax = "proto3"; package c; message Other { uint32 v = 1; }'

test('a message is chosen by name; choices, enums, maps and references have columns', () => {
  const references = [{ name: 'other.proto', schema: other }]
  const inferred = columnsFromProtobufSchema(
    several,
    { side: 'value', fullName: 'Two' },
    references,
  )
  expect(inferred?.columns).toEqual([
    { name: 'PICK_0', type: parseSqlType('STRUCT<`X` INTEGER, `Y` STRING>') },
    { name: 'SUIT', type: parseSqlType('STRING') },
    { name: 'BY_NAME', type: parseSqlType('MAP<STRING, STRUCT<`ID` BIGINT>>') },
    { name: 'MANY', type: parseSqlType('ARRAY<BIGINT>') },
    { name: 'OTHER', type: parseSqlType('STRUCT<`V` BIGINT>') },
  ])
  expect(inferred?.skipped).toEqual([{ path: 'again', reason: 'is recursive' }])
  const named = (fullName: string) =>
    columnsFromProtobufSchema(several, { side: 'value', fullName }, references)?.columns
  expect(named('a.b.One')).toEqual([{ name: 'ID', type: parseSqlType('INTEGER') }])
  expect(named('Three')).toBeUndefined()
  expect(() => columnsFromProtobufSchema(several, { side: 'value' })).toThrow('c.Other')
})

test('frames carry the id and the path of the message, and are read by both', async () => {
  const registry = new InMemorySchemaRegistry()
  await registry.register('other', { schemaType: 'PROTOBUF', schema: other })
  const id = await registry.register('t-value', {
    schemaType: 'PROTOBUF',
    schema: several,
    references: [{ name: 'other.proto', subject: 'other', version: 1 }],
  })
  const context = { side: 'value', topic: 't', registry } as const
  const columns: Columns = [
    { name: 'PICK_0', type: parseSqlType('STRUCT<`X` INTEGER, `Y` STRING>') },
    { name: 'SUIT', type: parseSqlType('STRING') },
    { name: 'MANY', type: parseSqlType('ARRAY<BIGINT>') },
  ]
  const serde = createRowSerde(
    { format: 'PROTOBUF', schemaId: id, schemaFullName: 'Two' },
    columns,
    context,
  )
  await serde.ensureRegistered()
  const row: Row = [[null, 'y'], 'HEARTS', [1, 2]]
  const bytes = serde.serialize(row)!
  expect([...bytes.subarray(0, 7)]).toEqual([0, 0, 0, 0, id, 2, 2])
  await serde.prepare(bytes)
  expect(serde.deserialize(bytes)).toEqual(row)
  // The first message is the single byte 0; its declared default stands for what is absent.
  const one = createRowSerde(
    { format: 'PROTOBUF' },
    [{ name: 'ID', type: parseSqlType('INTEGER') }],
    context,
  )
  const first = Uint8Array.of(0, 0, 0, 0, id, 0)
  expect(() => one.deserialize(first)).toThrow('not loaded')
  await one.prepare(first)
  expect(one.deserialize(first)).toEqual([7])
  expect(() => one.deserialize(Uint8Array.of(0, 0, 0, 0, id, 2, 18))).toThrow('no message at path')
})

test('fields that nobody asked for are passed over; broken bytes are refused', () => {
  const serde = bare(columnsOf('INTEGER'))
  // Field 9 as a group with a string in it, field 8 as fixed64, then field 1.
  const unknown = Uint8Array.of(0x4b, 0x12, 1, 65, 0x4c, 0x41, 1, 2, 3, 4, 5, 6, 7, 8, 0x08, 5)
  expect(serde.deserialize(unknown)).toEqual([5])
  for (const bytes of [
    [0x08],
    [0x0a, 1, 1],
    [0x4b],
    [0x00, 1],
    [0x0f],
    [0x12, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ])
    expect(() => serde.deserialize(Uint8Array.from(bytes))).toThrow('Protobuf')
})

test('whatever the bytes, a reader ends with a row or a typed error', () => {
  const serde = bare(everyType)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        expect(serde.deserialize(bytes)).toHaveLength(everyType.length)
      } catch (error) {
        expect(error).toHaveProperty('code', 'VARVE_DESERIALIZATION')
      }
    }),
  )
})

test('64-bit integers keep every bit in each coding', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const number = Number(value)
      const canonical = Number.isSafeInteger(number) ? number : value
      const writer = new ProtoWriter()
      writer.writeInt64(canonical)
      writer.writeSint64(canonical)
      writer.writeFixed64(canonical)
      const reader = new ProtoReader(writer.finish())
      expect([reader.readInt64(), reader.readSint64(), reader.readFixed64()]).toEqual(
        Array.from({ length: 3 }, () => canonical),
      )
      expect(reader.done).toBe(true)
    }),
  )
})
