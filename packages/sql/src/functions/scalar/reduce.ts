import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'
import { entriesInJavaOrder } from '../java-map-order.ts'

type Lambda = (...args: readonly Value[]) => Value

/** REDUCE: folds a collection; a null collection gives the start value, a null start value null. */
export const reduce: ScalarFunction = {
  kind: 'scalar',
  name: 'REDUCE',
  category: 'LAMBDA',
  description: 'Folds an array or a map into one value with a lambda.',
  overloads: [
    {
      parameters: [
        { name: 'array', type: 'ARRAY<T>' },
        { name: 'start', type: 'S' },
        { name: 'lambda', type: '(S, T) => S' },
      ],
      returns: 'S',
      nulls: 'call',
      evaluate: (array: readonly Value[] | null, start: Value, lambda: Lambda): Value =>
        array === null || start === null
          ? start
          : array.reduce((state: Value, item) => lambda(state, item), start),
    },
    {
      parameters: [
        { name: 'map', type: 'MAP<K, V>' },
        { name: 'start', type: 'S' },
        { name: 'lambda', type: '(S, K, V) => S' },
      ],
      returns: 'S',
      nulls: 'call',
      evaluate: (map: ReadonlyMap<Value, Value> | null, start: Value, lambda: Lambda): Value =>
        map === null || start === null
          ? start
          : entriesInJavaOrder(map).reduce((state: Value, [k, v]) => lambda(state, k, v), start),
    },
  ],
}
