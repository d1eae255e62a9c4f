import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** COALESCE: the first argument that is not null. */
export const coalesce: ScalarFunction = {
  kind: 'scalar',
  name: 'COALESCE',
  shownAs: 'COALESCE',
  category: 'CONDITIONAL',
  description: 'The first argument that is not null.',
  overloads: [
    {
      parameters: [
        { name: 'first', type: 'T' },
        { name: 'others', type: 'T...' },
      ],
      returns: 'T',
      nulls: 'call',
      evaluate: (...values: readonly Value[]): Value =>
        values.find((value) => value !== null) ?? null,
    },
  ],
}
