import { expect, test } from 'vitest'

import type { Columns } from '../schema.ts'
import { parseSqlType } from '../sql-type-text.ts'
import { columnsFromJsonSchema } from './json-schema-columns.ts'
import { jsonSchemaFromColumns } from './json-schema-writer.ts'

const columns: Columns = [
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
  'ARRAY<MAP<STRING, INTEGER>>',
  'STRUCT<`A` BIGINT, `B` ARRAY<STRING>>',
].map((type, i) => ({ name: `C${i}`, type: parseSqlType(type) }))

test('columns come back from the schema that was written for them', () => {
  const schema = jsonSchemaFromColumns(columns, true)
  expect(columnsFromJsonSchema(schema, { side: 'value' })).toEqual({ columns, skipped: [] })
})

test('a bare key is ROWKEY, a bare value is ROWVAL, and both may be null', () => {
  const schema = jsonSchemaFromColumns([{ name: 'K', type: parseSqlType('INTEGER') }], false)
  expect(JSON.parse(schema)).toEqual({
    oneOf: [{ type: 'null' }, { type: 'integer', 'connect.type': 'int32' }],
  })
  const inferred = (side: 'key' | 'value') =>
    columnsFromJsonSchema(schema, { side, wrap: false }).columns
  expect(inferred('key')).toEqual([{ name: 'ROWKEY', type: { kind: 'INTEGER' } }])
  expect(inferred('value')).toEqual([{ name: 'ROWVAL', type: { kind: 'INTEGER' } }])
})

test('references lead within the document and into others; circles and choices are left out', () => {
  const schema = JSON.stringify({
    type: 'object',
    definitions: {
      node: { type: 'object', properties: { next: { $ref: '#/definitions/node' } } },
      id: { type: ['null', 'integer'] },
    },
    properties: {
      id: { $ref: '#/definitions/id' },
      other: { $ref: 'other.json#/$defs/a~1b' },
      node: { $ref: '#/definitions/node' },
      circle: { $ref: '#/properties/circle' },
      choice: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    },
  })
  const other = JSON.stringify({ $defs: { 'a/b': { type: 'string' } } })
  const inferred = columnsFromJsonSchema(schema, { side: 'value' }, [
    { name: 'other.json', schema: other },
  ])
  expect(inferred.columns).toEqual([
    { name: 'OTHER', type: { kind: 'STRING' } },
    { name: 'ID', type: { kind: 'BIGINT' } },
  ])
  expect(inferred.skipped.map(({ path }) => path).toSorted()).toEqual([
    'choice',
    'circle',
    'node',
    'node.next',
  ])
})
