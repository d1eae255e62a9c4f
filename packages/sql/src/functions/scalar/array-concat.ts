import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

type Items = readonly Value[]

/** ARRAY_CONCAT: a null array counts as an empty one, two give null. */
export const arrayConcat: ScalarFunction = {
  kind: 'scalar',
  name: 'ARRAY_CONCAT',
  category: 'ARRAY',
  description: 'The elements of one array, then those of another.',
  overloads: [
    {
      parameters: [
        { name: 'left', type: 'ARRAY<T>' },
        { name: 'right', type: 'ARRAY<T>' },
      ],
      returns: 'ARRAY<T>',
      nulls: 'call',
      evaluate: (left: Items | null, right: Items | null): Value =>
        left === null || right === null ? (left ?? right) : [...left, ...right],
    },
  ],
}
