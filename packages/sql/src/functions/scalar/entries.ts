import type { Value } from '@varve/serde'

import type { ScalarFunction, ScalarOverload } from '../function.ts'
import { entriesInJavaOrder } from '../java-map-order.ts'

const types = ['INTEGER', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'STRING']

/** ENTRIES: structs with fields K and V. */
export const entries: ScalarFunction = {
  kind: 'scalar',
  name: 'ENTRIES',
  category: 'MAP',
  description: 'The entries of a map as an array of STRUCT<K, V>, sorted by key on demand.',
  overloads: types.map((type): ScalarOverload => ({
    parameters: [
      { name: 'map', type: `MAP<STRING, ${type}>` },
      { name: 'sorted', type: 'BOOLEAN' },
    ],
    returns: `ARRAY<STRUCT<K STRING, V ${type}>>`,
    evaluate: (map: ReadonlyMap<Value, Value>, sorted: boolean): Value => {
      const list = [...entriesInJavaOrder(map)]
      if (sorted) list.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1))
      return list
    },
  })),
}
