import type { SqlType, Value } from '@varve/serde'

import { comparator } from '../../expression/compare-values.ts'
import type { ScalarFunction, ScalarOverload } from '../function.ts'

const types = ['INTEGER', 'BIGINT', 'DOUBLE', 'STRING', 'BYTES', 'DATE', 'TIME', 'TIMESTAMP']

function define(name: 'GREATEST' | 'LEAST', description: string, sign: 1 | -1): ScalarFunction {
  const overload = (type: string): ScalarOverload => ({
    parameters: [
      { name: 'first', type },
      { name: 'others', type: `${type}...` },
    ],
    returns: type === 'DECIMAL' ? widest : type,
    nulls: 'call',
    bind: ({ argumentTypes }) => {
      const compare = comparator(argumentTypes[0]!, argumentTypes[0]!)
      return (...values: readonly Value[]): Value =>
        values.reduce((best: Value, value) => {
          if (value === null) return best
          return best === null || compare(value, best) * sign > 0 ? value : best
        }, null)
    },
  })
  return {
    kind: 'scalar',
    name,
    category: 'MATHEMATICAL',
    description,
    overloads: [...types, 'DECIMAL'].map(overload),
  }
}

/** A DECIMAL that holds all of the argument types. */
function widest(argumentTypes: readonly SqlType[]): SqlType {
  let scale = 0
  let whole = 1
  for (const type of argumentTypes) {
    if (type.kind !== 'DECIMAL') continue
    scale = Math.max(scale, type.scale)
    whole = Math.max(whole, type.precision - type.scale)
  }
  return { kind: 'DECIMAL', precision: whole + scale, scale }
}

/** GREATEST: nulls are skipped. */
export const greatest: ScalarFunction = define(
  'GREATEST',
  'The greatest argument; nulls are skipped.',
  1,
)

/** LEAST: nulls are skipped. */
export const least: ScalarFunction = define(
  'LEAST',
  'The smallest argument; nulls are skipped.',
  -1,
)
