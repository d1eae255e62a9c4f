import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'
import { entriesInJavaOrder } from '../java-map-order.ts'

type Lambda = (...args: readonly Value[]) => Value

/** TRANSFORM: every element (or key and value) through a lambda. */
export const transform: ScalarFunction = {
  kind: 'scalar',
  name: 'TRANSFORM',
  category: 'LAMBDA',
  description:
    'Applies a lambda to every element of an array, or two to the keys and values of a map.',
  overloads: [
    {
      parameters: [
        { name: 'array', type: 'ARRAY<T>' },
        { name: 'lambda', type: '(T) => R' },
      ],
      returns: 'ARRAY<R>',
      evaluate: (array: readonly Value[], lambda: Lambda): Value =>
        array.map((item) => lambda(item)),
    },
    {
      parameters: [
        { name: 'map', type: 'MAP<K, V>' },
        { name: 'key', type: '(K, V) => R' },
        { name: 'value', type: '(K, V) => S' },
      ],
      returns: 'MAP<R, S>',
      evaluate: (map: ReadonlyMap<Value, Value>, key: Lambda, value: Lambda): Value => {
        const result = new Map<Value, Value>()
        for (const [k, v] of entriesInJavaOrder(map)) {
          const newKey = key(k, v)
          if (result.has(newKey)) throw new RangeError(`duplicate key ${String(newKey)}`)
          result.set(newKey, value(k, v))
        }
        return result
      },
    },
  ],
}
