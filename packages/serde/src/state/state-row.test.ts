import { CorruptionError } from '@varve/base'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'

import type { Row, Value } from '../value.ts'
import { decodePlainRow, encodePlainRow } from './plain-row.ts'
import { createStateRowCodec } from './state-row.ts'

const codec = createStateRowCodec()
const general = new Packr({ useRecords: false, mapsAsObjects: false, moreTypes: false })

const number = fc.oneof(
  fc.integer(),
  fc.constantFrom(
    ...[0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1].flatMap(
      (n) => [n, -n, -n - 1],
    ),
  ),
  fc.double(),
)
const plain = fc.oneof(
  number.map((n) => (Object.is(n, -0) ? 0 : n)),
  fc.constantFrom(null, true, false),
  fc.string({ maxLength: 64 }),
)
const value: fc.Arbitrary<Value> = fc.oneof(
  number,
  plain,
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).filter((n) => n > 2n ** 53n),
  fc.array(plain, { maxLength: 3 }),
)
const rows = (values: fc.Arbitrary<Value>): fc.Arbitrary<Row> =>
  fc.array(values, { maxLength: 17 }) as fc.Arbitrary<Row>

test('plain rows are written as the general codec writes them', () => {
  fc.assert(
    fc.property(rows(plain), (row) => {
      const fast = encodePlainRow(row, 0)
      if (row.length <= 15) expect(fast).toEqual(new Uint8Array(general.pack(row)))
      else expect(fast).toBeUndefined()
      if (fast !== undefined) expect(decodePlainRow(fast, 0)).toEqual(row)
    }),
  )
})

test('every row comes back, whatever lies in front of it', () => {
  fc.assert(
    fc.property(rows(value), fc.nat({ max: 20 }), (row, before) => {
      const bytes = codec.encode(row, before)
      expect(codec.decode(bytes, before)).toEqual(row)
      expect(codec.decode(bytes.slice(before))).toEqual(row)
    }),
  )
})

test('the fast reader says of damaged bytes what the general one says, and never more', () => {
  fc.assert(
    fc.property(rows(plain), fc.nat(), fc.nat({ max: 255 }), (row, at, byte) => {
      const bytes = codec.encode(row)
      const cut = bytes.slice(0, at % bytes.length)
      expect(() => codec.decode(cut)).toThrow(CorruptionError)
      bytes[at % bytes.length] = byte
      const found = decodePlainRow(bytes, 0)
      if (found !== undefined) expect(found).toEqual(general.unpack(bytes))
    }),
  )
})
