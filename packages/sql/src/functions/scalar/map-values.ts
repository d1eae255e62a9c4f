import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'
import { entriesInJavaOrder } from '../java-map-order.ts'

/** MAP_VALUES: The values of a map. */
export const mapValues: ScalarFunction = {
  kind: 'scalar',
  name: 'MAP_VALUES',
  category: 'MAP',
  description: 'The values of a map.',
  overloads: [
    {
      parameters: [{ name: 'map', type: 'MAP<K, V>' }],
      returns: 'ARRAY<V>',
      evaluate: (map: ReadonlyMap<Value, Value>) =>
        entriesInJavaOrder(map).map(([, value]) => value),
    },
  ],
}
