import { SqlTypes, type SqlType } from '@varve/serde'

import { ConnectPairs, invalid } from '../connect/connect-data.ts'
import { connectSchema, type ConnectType } from '../connect/connect-schema.ts'
import { SparseVector, Vector } from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'

const DOUBLES: SqlType = { kind: 'ARRAY', element: SqlTypes.DOUBLE }

function vector(element: ConnectType): LogicalType {
  return {
    base: connectSchema('array', { values: connectSchema(element) }),
    sqlType: () => DOUBLES,
    decode: (data, _, path) => {
      if (!Array.isArray(data) || data.some((item) => typeof item !== 'number'))
        return invalid(path, 'no vector')
      return new Vector(data as readonly number[])
    },
  }
}

const sparse: LogicalType = {
  base: connectSchema('struct', {
    fields: [
      { name: 'dimensions', schema: connectSchema('int16') },
      {
        name: 'vector',
        schema: connectSchema('map', {
          keys: connectSchema('int16'),
          values: connectSchema('double'),
        }),
      },
    ],
  }),
  sqlType: () => ({
    kind: 'STRUCT',
    fields: [
      { name: 'DIMENSIONS', type: SqlTypes.INTEGER },
      {
        name: 'VECTOR',
        type: { kind: 'MAP', key: SqlTypes.STRING, value: SqlTypes.DOUBLE },
      },
    ],
  }),
  decode: (data, _, path) => {
    const dimensions = data instanceof Map ? data.get('dimensions') : undefined
    const entries = data instanceof Map ? data.get('vector') : undefined
    if (typeof dimensions !== 'number' || !(entries instanceof ConnectPairs))
      return invalid(path, 'no sparse vector')
    return new SparseVector(
      dimensions,
      new Map(entries.pairs.map(([index, value]) => [Number(index), Number(value)])),
    )
  },
}

/** Vectors, dense and sparse. */
export const vectorTypes: readonly (readonly [string, LogicalType])[] = [
  ['io.debezium.data.DoubleVector', vector('double')],
  ['io.debezium.data.FloatVector', vector('float')],
  ['io.debezium.data.SparseDoubleVector', sparse],
  ['io.debezium.data.SparseVector', sparse],
]
