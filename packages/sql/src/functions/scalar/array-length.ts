import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** ARRAY_LENGTH: Number of elements of an array. */
export const arrayLength: ScalarFunction = {
  kind: 'scalar',
  name: 'ARRAY_LENGTH',
  category: 'ARRAY',
  description: 'Number of elements of an array.',
  overloads: [
    {
      parameters: [{ name: 'array', type: 'ARRAY<T>' }],
      returns: 'INTEGER',
      evaluate: (array: readonly Value[]) => array.length,
    },
  ],
}
