import fc from 'fast-check'
import { expect, test } from 'vitest'

import {
  createOrderedKeyCodec,
  createRowSerde,
  createStateRowCodec,
  formatSqlType,
  InMemorySchemaRegistry,
  parseSqlType,
  sqlTypesEqual,
  type FormatName,
  type Row,
} from '@varve/serde'

import { arbitraryType, arbitraryValue } from './arbitrary-rows.ts'

const typesAndRow = fc
  .array(arbitraryType, { minLength: 1, maxLength: 4 })
  .chain((types) => fc.tuple(fc.constant(types), fc.tuple(...types.map(arbitraryValue))))

test('the text of a type parses to the type', () => {
  fc.assert(
    fc.property(arbitraryType, (type) => sqlTypesEqual(parseSqlType(formatSqlType(type)), type)),
  )
})

test('state rows come back exactly', () => {
  const codec = createStateRowCodec()
  fc.assert(
    fc.property(typesAndRow, ([, row]) => {
      expect(codec.decode(codec.encode(row))).toStrictEqual(row)
    }),
  )
})

test('ordered keys come back exactly, but for the order of maps', () => {
  fc.assert(
    fc.property(typesAndRow, ([types, row]) => {
      const codec = createOrderedKeyCodec(types)
      const bytes = codec.encode(row)
      const decoded = codec.decode(bytes)
      expect(decoded).toEqual(row)
      expect(codec.encode(decoded)).toEqual(bytes)
    }),
  )
})

test.each<FormatName>(['JSON', 'AVRO', 'JSON_SR'])('%s rows come back exactly', async (format) => {
  await fc.assert(
    fc.asyncProperty(typesAndRow, fc.boolean(), async ([types, values], wrap) => {
      const registry = new InMemorySchemaRegistry()
      const columns = types.map((type, i) => ({ name: `C${i}`, type }))
      const serde = createRowSerde(columns.length === 1 ? { format, wrap } : { format }, columns, {
        side: 'value',
        topic: 't',
        registry,
      })
      await serde.ensureRegistered()
      const bytes = serde.serialize(values)
      const bare = columns.length === 1 && !wrap
      if (bare && values[0] === null) {
        expect(bytes).toBeNull()
        return
      }
      await serde.prepare(bytes!)
      expect(serde.deserialize(bytes)).toEqual(values as Row)
    }),
    { numRuns: 60 },
  )
})
