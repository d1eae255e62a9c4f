import type { Value } from '@varve/serde'

import { valuesEqual } from '../../expression/compare-values.ts'
import type { ScalarFunction } from '../function.ts'

/** ARRAY_REMOVE: a null value removes nulls. */
export const arrayRemove: ScalarFunction = {
  kind: 'scalar',
  name: 'ARRAY_REMOVE',
  category: 'ARRAY',
  description: 'An array without the elements that equal a value.',
  overloads: [
    {
      parameters: [
        { name: 'array', type: 'ARRAY<T>' },
        { name: 'value', type: 'T' },
      ],
      returns: 'ARRAY<T>',
      nulls: 'call',
      evaluate: (items: readonly Value[] | null, value: Value): Value =>
        items === null ? null : items.filter((item) => !valuesEqual(item, value)),
    },
  ],
}
