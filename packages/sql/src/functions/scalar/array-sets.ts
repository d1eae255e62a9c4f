import type { Value } from '@varve/serde'

import { valueIdentity } from '../../expression/value-identity.ts'
import type { ScalarFunction } from '../function.ts'

type Items = readonly Value[]

function define(
  name: string,
  description: string,
  combine: (left: Items, right: Items) => Items,
): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    category: 'ARRAY',
    description,
    overloads: [
      {
        parameters: [
          { name: 'left', type: 'ARRAY<T>' },
          { name: 'right', type: 'ARRAY<T>' },
        ],
        returns: 'ARRAY<T>',
        evaluate: combine,
      },
    ],
  }
}

/** Every value once, where it stands first; null counts as a value. */
function distinct(items: Items): Items {
  const first = new Map<Value, Value>()
  for (const item of items) {
    const identity = valueIdentity(item)
    if (!first.has(identity)) first.set(identity, item)
  }
  return [...first.values()]
}

function identities(items: Items): ReadonlySet<Value> {
  return new Set(items.map(valueIdentity))
}

/** ARRAY_DISTINCT: in order of first appearance, null kept. */
const arrayDistinct: ScalarFunction = {
  kind: 'scalar',
  name: 'ARRAY_DISTINCT',
  category: 'ARRAY',
  description: 'The distinct elements, in order of first appearance.',
  overloads: [
    { parameters: [{ name: 'array', type: 'ARRAY<T>' }], returns: 'ARRAY<T>', evaluate: distinct },
  ],
}

/** Arrays as sets: distinct results in the order of the left array, then of the right one. */
export const arraySets: readonly ScalarFunction[] = [
  arrayDistinct,
  define('ARRAY_UNION', 'The distinct elements of two arrays.', (left, right) =>
    distinct([...left, ...right]),
  ),
  define('ARRAY_EXCEPT', 'The distinct elements of an array that another one lacks.', (a, b) => {
    const excluded = identities(b)
    return distinct(a.filter((item) => !excluded.has(valueIdentity(item))))
  }),
  define('ARRAY_INTERSECT', 'The distinct elements that two arrays share.', (left, right) => {
    const shared = identities(right)
    return distinct(left.filter((item) => shared.has(valueIdentity(item))))
  }),
]
