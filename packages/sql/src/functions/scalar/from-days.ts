import type { ScalarFunction } from '../function.ts'

/** FROM_DAYS: The DATE of days since the epoch. */
export const fromDays: ScalarFunction = {
  kind: 'scalar',
  name: 'FROM_DAYS',
  category: 'DATE / TIME',
  description: 'The DATE of days since the epoch.',
  overloads: [
    {
      parameters: [{ name: 'days', type: 'INTEGER' }],
      returns: 'DATE',
      evaluate: (days: number) => days,
    },
  ],
}
