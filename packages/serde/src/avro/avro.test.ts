import avsc from 'avsc'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { SqlTypes } from '../sql-type.ts'
import { formatSqlType } from '../sql-type-text.ts'
import { AvroReader, AvroWriter, StringMemory } from './avro-bytes.ts'
import { columnsFromAvroSchema } from './avro-columns.ts'
import { compileAvroRowReader } from './avro-row-reader.ts'
import { compileAvroRowWriter } from './avro-row-writer.ts'
import { avroSchemaFromColumns } from './avro-schema-writer.ts'
import { parseAvroSchema } from './avro-schema.ts'
import { decodeAvro } from './avro-value.ts'

test('bytes agree with another implementation', () => {
  const columns = [
    { name: 'I', type: SqlTypes.INTEGER },
    { name: 'L', type: SqlTypes.BIGINT },
    { name: 'D', type: SqlTypes.DOUBLE },
    { name: 'S', type: SqlTypes.STRING },
    { name: 'A', type: { kind: 'ARRAY' as const, element: SqlTypes.STRING } },
  ]
  const text = avroSchemaFromColumns(columns, { side: 'value' })
  const type = avsc.Type.forSchema(JSON.parse(text) as avsc.Schema, { wrapUnions: 'never' })
  const schema = parseAvroSchema(text)
  const write = compileAvroRowWriter(schema, columns, true)
  const read = compileAvroRowReader(schema, columns, true)
  const writer = new AvroWriter()
  fc.assert(
    fc.property(
      fc.option(fc.integer()),
      // The other implementation is off by one beyond 2^52, where zigzag leaves the safe integers.
      fc.option(fc.integer({ min: -(2 ** 51), max: 2 ** 51 })),
      fc.option(fc.double({ noNaN: true })),
      fc.option(fc.string({ unit: 'grapheme' })),
      fc.array(fc.option(fc.string())),
      (I, L, D, S, A) => {
        writer.reset()
        write([I, L, D, S, A], writer)
        const bytes = writer.finish()
        expect(bytes).toEqual(
          new Uint8Array(type.toBuffer({ I, L: L === null ? null : L + 0, D, S, A })),
        )
        const reader = new AvroReader(bytes)
        expect(read(reader)).toEqual([I, L === null ? null : L + 0, D, S, A])
        reader.end()
      },
    ),
  )
})

test('longs of 64 bits are exact', () => {
  const long = parseAvroSchema('"long"')
  const writer = new AvroWriter()
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
      writer.reset()
      writer.writeLong(value)
      expect(BigInt(decodeAvro(long, writer.finish()) as number | bigint)).toBe(value)
    }),
  )
})

test('records are read by the schema they were written with, by column name', () => {
  const writer = parseAvroSchema(
    '{"type":"record","name":"R","fields":[{"name":"extra","type":{"type":"map","values":"long"}},{"name":"id","type":"int"},{"name":"u","type":["string","null"]}]}',
  )
  const read = compileAvroRowReader(
    writer,
    [
      { name: 'U', type: SqlTypes.STRING },
      { name: 'ID', type: SqlTypes.BIGINT },
      { name: 'MISSING', type: SqlTypes.DOUBLE },
    ],
    true,
  )
  expect(read(new AvroReader(Uint8Array.of(2, 2, 0x61, 4, 0, 6, 0, 2, 0x62)))).toEqual([
    'b',
    3,
    null,
  ])
})

test('damage is told apart and never read past', () => {
  const schema = parseAvroSchema('{"type":"array","items":"string"}')
  expect(() => decodeAvro(schema, Uint8Array.of(2, 10, 1))).toThrow(/end at 3/)
  expect(() => decodeAvro(schema, Uint8Array.of(0, 0))).toThrow(/1 bytes after/)
  expect(() => decodeAvro(schema, Uint8Array.of(2, 1))).toThrow(/no length/)
  const nulls = parseAvroSchema('{"type":"array","items":"null"}')
  const writer = new AvroWriter()
  writer.writeLong(1e15)
  expect(() => decodeAvro(nulls, writer.finish())).toThrow(/too many elements/)
  expect(() => parseAvroSchema('{"type":"record","name":"R"}')).toThrow(/without "fields"/)
  expect(() => parseAvroSchema('"nope"')).toThrow(/unknown type/)
})

test('columns come from records in upper case, also where a type is named twice', () => {
  const schema = parseAvroSchema(
    JSON.stringify({
      type: 'record',
      name: 'Envelope',
      namespace: 'srv.public.t',
      fields: [
        {
          name: 'before',
          default: null,
          type: [
            'null',
            {
              type: 'record',
              name: 'Value',
              fields: [
                { name: 'id', type: 'int' },
                {
                  name: 'price',
                  type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 },
                },
                { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
                { name: 'next', type: ['null', 'Value'] },
              ],
            },
          ],
        },
        { name: 'after', type: ['null', 'Value'], default: null },
        { name: 'op', type: { type: 'enum', name: 'Op', symbols: ['c', 'u'] } },
        { name: 'raw', type: { type: 'fixed', name: 'F', size: 2 } },
      ],
    }),
  )
  const { columns, skipped } = columnsFromAvroSchema(schema, { side: 'value' })
  const row = 'STRUCT<`ID` INTEGER, `PRICE` DECIMAL(10, 2), `AT` TIMESTAMP>'
  expect(columns.map((column) => `${column.name} ${formatSqlType(column.type)}`)).toEqual([
    `BEFORE ${row}`,
    `AFTER ${row}`,
    'OP STRING',
    'RAW BYTES',
  ])
  expect(skipped.map((field) => field.path)).toEqual(['before.next', 'after.next'])
})

test('a bare schema is ROWVAL or ROWKEY', () => {
  const long = parseAvroSchema('"long"')
  expect(columnsFromAvroSchema(long, { side: 'key' }).columns).toEqual([
    { name: 'ROWKEY', type: SqlTypes.BIGINT },
  ])
  expect(columnsFromAvroSchema(long, { side: 'value', wrap: false }).columns[0]!.name).toBe(
    'ROWVAL',
  )
  expect(() => columnsFromAvroSchema(long, { side: 'value' })).toThrow(/WRAP_SINGLE_VALUE/)
})

test('the schema of columns has the names that ksqlDB gives', () => {
  const map = { kind: 'MAP' as const, key: SqlTypes.STRING, value: SqlTypes.DOUBLE }
  expect(JSON.parse(avroSchemaFromColumns([{ name: 'M', type: map }], { side: 'value' }))).toEqual({
    type: 'record',
    name: 'KsqlDataSourceSchema',
    namespace: 'io.confluent.ksql.avro_schemas',
    fields: [
      {
        name: 'M',
        type: [
          'null',
          {
            type: 'array',
            items: {
              type: 'record',
              name: 'KsqlDataSourceSchema_M',
              fields: [
                { name: 'key', type: ['null', 'string'], default: null },
                { name: 'value', type: ['null', 'double'], default: null },
              ],
              'connect.internal.type': 'MapEntry',
            },
            'connect.name': 'io.confluent.ksql.avro_schemas.KsqlDataSourceSchema_M',
          },
        ],
        default: null,
      },
    ],
    'connect.name': 'io.confluent.ksql.avro_schemas.KsqlDataSourceSchema',
  })
  const key = [
    { name: 'A', type: SqlTypes.INTEGER },
    { name: 'B', type: SqlTypes.INTEGER },
  ]
  const named = JSON.parse(
    avroSchemaFromColumns(key, { side: 'key', sourceName: 'LEFT_TABLE' }),
  ) as { name: string }
  expect(named.name).toBe('LeftTableKey')
  expect(avroSchemaFromColumns(key.slice(0, 1), { side: 'key' })).toBe('"int"')
  expect(() =>
    avroSchemaFromColumns([{ name: 'a-b', type: SqlTypes.INTEGER }], { side: 'value' }),
  ).toThrow(/no valid Avro name/)
})

test('strings that recur are the strings that the bytes say', () => {
  const memory = new StringMemory()
  const strings = fc.oneof(fc.constantFrom('', 'a', 'b', 'shop', 'ä', 'x'.repeat(40)), fc.string())
  fc.assert(
    fc.property(fc.array(strings), (texts) => {
      for (const text of texts) {
        const writer = new AvroWriter()
        writer.writeString(text.toWellFormed())
        const reader = new AvroReader(writer.finish())
        expect(reader.readRecurringString(memory)).toBe(text.toWellFormed())
        reader.end()
      }
    }),
  )
})
