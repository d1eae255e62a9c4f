import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

type Lambda = (...args: readonly Value[]) => Value

/** FILTER: the elements (or entries) a lambda accepts. */
export const filter: ScalarFunction = {
  kind: 'scalar',
  name: 'FILTER',
  category: 'LAMBDA',
  description: 'The elements of an array, or entries of a map, for which a lambda is true.',
  overloads: [
    {
      parameters: [
        { name: 'array', type: 'ARRAY<T>' },
        { name: 'lambda', type: '(T) => BOOLEAN' },
      ],
      returns: 'ARRAY<T>',
      evaluate: (array: readonly Value[], lambda: Lambda): Value =>
        array.filter((item) => lambda(item) === true),
    },
    {
      parameters: [
        { name: 'map', type: 'MAP<K, V>' },
        { name: 'lambda', type: '(K, V) => BOOLEAN' },
      ],
      returns: 'MAP<K, V>',
      evaluate: (map: ReadonlyMap<Value, Value>, lambda: Lambda): Value =>
        new Map([...map].filter(([k, v]) => lambda(k, v) === true)),
    },
  ],
}
