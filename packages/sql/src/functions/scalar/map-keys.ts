import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'
import { entriesInJavaOrder } from '../java-map-order.ts'

/** MAP_KEYS: The keys of a map. */
export const mapKeys: ScalarFunction = {
  kind: 'scalar',
  name: 'MAP_KEYS',
  category: 'MAP',
  description: 'The keys of a map.',
  overloads: [
    {
      parameters: [{ name: 'map', type: 'MAP<K, V>' }],
      returns: 'ARRAY<K>',
      evaluate: (map: ReadonlyMap<Value, Value>) => entriesInJavaOrder(map).map(([key]) => key),
    },
  ],
}
