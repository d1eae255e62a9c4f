import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** IFNULL: the value, or the alternative when it is null. */
export const ifnull: ScalarFunction = {
  kind: 'scalar',
  name: 'IFNULL',
  category: 'CONDITIONAL',
  description: 'The value, or the alternative when it is null.',
  overloads: [
    {
      parameters: [
        { name: 'value', type: 'T' },
        { name: 'alternative', type: 'T' },
      ],
      returns: 'T',
      nulls: 'call',
      evaluate: (value: Value, alternative: Value): Value => value ?? alternative,
    },
  ],
}
