import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** AS_MAP: missing values are null, extra ones ignored. */
export const asMap: ScalarFunction = {
  kind: 'scalar',
  name: 'AS_MAP',
  category: 'MAP',
  description: 'A map of an array of keys and an array of values.',
  overloads: [
    {
      parameters: [
        { name: 'keys', type: 'ARRAY<STRING>' },
        { name: 'values', type: 'ARRAY<T>' },
      ],
      returns: 'MAP<STRING, T>',
      evaluate: (keys: readonly Value[], values: readonly Value[]): Value =>
        new Map(keys.map((key, i) => [key, values[i] ?? null])),
    },
  ],
}
