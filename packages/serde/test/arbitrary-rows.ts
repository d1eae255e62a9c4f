import fc from 'fast-check'

import { int64FromBigInt, SqlTypes, type SqlType, type Value } from '@varve/serde'

/** Types up to two levels deep; map keys are STRING. */
export const arbitraryType: fc.Arbitrary<SqlType> = fc.letrec<{ type: SqlType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom(...Object.values(SqlTypes)),
    fc.tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38)).map(([a, b]) => ({
      kind: 'DECIMAL' as const,
      precision: Math.max(a, b),
      scale: Math.min(a, b),
    })),
    tie('type').map((element) => ({ kind: 'ARRAY' as const, element })),
    tie('type').map((value) => ({ kind: 'MAP' as const, key: SqlTypes.STRING, value })),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map((types) => ({
      kind: 'STRUCT' as const,
      fields: types.map((type, i) => ({ name: `F${i}`, type })),
    })),
  ),
})).type

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const int32 = fc.integer()

/** Values of a type, null included. */
export function arbitraryValue(type: SqlType): fc.Arbitrary<Value> {
  return fc.option(nonNull(type), { freq: 5 })
}

function nonNull(type: SqlType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'BOOLEAN':
      return fc.boolean()
    case 'INTEGER':
    case 'DATE':
      return int32
    case 'TIME':
      return fc.integer({ min: 0, max: 86_399_999 })
    case 'BIGINT':
    case 'TIMESTAMP':
      return fc.oneof(
        int32,
        fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(int64FromBigInt),
      )
    case 'DOUBLE':
      return fc.double()
    case 'STRING':
      return text
    case 'BYTES':
      return fc.uint8Array({ maxLength: 12 })
    case 'DECIMAL': {
      const limit = 10n ** BigInt(type.precision) - 1n
      return fc
        .bigInt({ min: -limit, max: limit })
        .map((unscaled) => ({ unscaled, scale: type.scale }))
    }
    case 'ARRAY':
      return fc.array(arbitraryValue(type.element), { maxLength: 3 })
    case 'MAP':
      return fc
        .uniqueArray(fc.tuple(text, arbitraryValue(type.value)), {
          maxLength: 3,
          selector: ([key]) => key,
        })
        .map((entries) => new Map(entries))
    case 'STRUCT':
      return fc.tuple(...type.fields.map((field) => arbitraryValue(field.type)))
  }
}
