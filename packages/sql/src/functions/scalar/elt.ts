import type { ScalarFunction } from '../function.ts'

/** ELT: counted from 1; outside gives null. */
export const elt: ScalarFunction = {
  kind: 'scalar',
  name: 'ELT',
  category: 'ARRAY',
  description: 'The n-th of the texts, counted from 1.',
  overloads: [
    {
      parameters: [
        { name: 'n', type: 'INTEGER' },
        { name: 'texts', type: 'STRING...' },
      ],
      returns: 'STRING',
      nulls: 'call',
      evaluate: (n: number | null, ...texts: readonly (string | null)[]) =>
        n === null ? null : (texts[n - 1] ?? null),
    },
  ],
}
