import type { Value } from '@varve/serde'

import type { TableFunction } from '../function.ts'

/** EXPLODE: none for a null or empty array. */
export const explode: TableFunction = {
  kind: 'table',
  name: 'EXPLODE',
  description: 'One row for each element of an array.',
  overloads: [
    {
      parameters: [{ name: 'input', type: 'ARRAY<DECIMAL>' }],
      returns: ([array]) => array!,
      evaluate: (array: readonly Value[]): Value => array,
    },
    {
      parameters: [{ name: 'list', type: 'ARRAY<T>' }],
      returns: 'ARRAY<T>',
      evaluate: (array: readonly Value[]): Value => array,
    },
  ],
}
