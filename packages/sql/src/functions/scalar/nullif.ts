import type { Value } from '@varve/serde'

import { valuesEqual } from '../../expression/compare-values.ts'
import type { ScalarFunction } from '../function.ts'

/** NULLIF: null when both are equal, else the first. */
export const nullif: ScalarFunction = {
  kind: 'scalar',
  name: 'NULLIF',
  category: 'CONDITIONAL',
  description: 'Null when both values are equal, else the first.',
  overloads: [
    {
      parameters: [
        { name: 'value', type: 'T' },
        { name: 'other', type: 'T' },
      ],
      returns: 'T',
      nulls: 'call',
      evaluate: (value: Value, other: Value): Value => (valuesEqual(value, other) ? null : value),
    },
  ],
}
