import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** SLICE: bounds count from 1 and are inclusive; null bounds mean the ends, bounds outside give null. */
export const slice: ScalarFunction = {
  kind: 'scalar',
  name: 'SLICE',
  category: 'ARRAY',
  description: 'The elements from one place to another, both counted from 1 and included.',
  overloads: [
    {
      parameters: [
        { name: 'array', type: 'ARRAY<T>' },
        { name: 'from', type: 'INTEGER' },
        { name: 'to', type: 'INTEGER' },
      ],
      returns: 'ARRAY<T>',
      nulls: 'call',
      evaluate: (items: readonly Value[] | null, from: number | null, to: number | null): Value => {
        if (items === null) return null
        const start = (from ?? 1) - 1
        const end = to ?? items.length
        return start < 0 || end > items.length || start > end ? null : items.slice(start, end)
      },
    },
  ],
}
