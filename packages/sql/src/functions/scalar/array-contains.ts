import type { Value } from '@varve/serde'

import { valuesEqual } from '../../expression/compare-values.ts'
import type { ScalarFunction } from '../function.ts'

/** ARRAY_CONTAINS: Whether an array holds a value; a null array holds none. */
export const arrayContains: ScalarFunction = {
  kind: 'scalar',
  name: 'ARRAY_CONTAINS',
  category: 'ARRAY',
  description: 'Whether an array holds a value; a null array holds none.',
  overloads: [
    {
      parameters: [
        { name: 'array', type: 'ARRAY<T>' },
        { name: 'value', type: 'T' },
      ],
      returns: 'BOOLEAN',
      nulls: 'call',
      evaluate: (array: readonly Value[] | null, value: Value) =>
        array !== null && array.some((item) => valuesEqual(item, value)),
    },
  ],
}
