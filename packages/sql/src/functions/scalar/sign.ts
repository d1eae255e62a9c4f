import type { ScalarFunction } from '../function.ts'

/** SIGN: -1, 0 or 1 as the value is negative, zero or positive. */
export const sign: ScalarFunction = {
  kind: 'scalar',
  name: 'SIGN',
  category: 'MATHEMATICAL',
  description: '-1, 0 or 1 as the value is negative, zero or positive.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'DOUBLE' }],
      returns: 'INTEGER',
      evaluate: (value: number) => (value > 0 ? 1 : value < 0 ? -1 : 0),
    },
  ],
}
