import type { Value } from '@varve/serde'

import type { TableFunction } from '../function.ts'

/** EXPLODE: none for a null or empty array. */
export const explode: TableFunction = {
  kind: 'table',
  name: 'EXPLODE',
  description: 'One row for each element of an array.',
  overloads: [
    {
      parameters: [{ name: 'array', type: 'ARRAY<T>' }],
      returns: 'ARRAY<T>',
      evaluate: (array: readonly Value[]): Value => array,
    },
  ],
}
