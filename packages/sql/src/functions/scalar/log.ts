import type { ScalarFunction } from '../function.ts'

/** LOG: of one argument the natural logarithm, whatever ksqlDB's documentation says. */
export const log: ScalarFunction = {
  kind: 'scalar',
  name: 'LOG',
  category: 'MATHEMATICAL',
  description: 'The natural logarithm, or that to a base; NaN outside of its domain.',
  overloads: [
    {
      parameters: [{ name: 'value', type: 'DOUBLE' }],
      returns: 'DOUBLE',
      evaluate: Math.log,
    },
    {
      parameters: [
        { name: 'base', type: 'DOUBLE' },
        { name: 'value', type: 'DOUBLE' },
      ],
      returns: 'DOUBLE',
      evaluate: (base: number, value: number) =>
        base <= 0 || base === 1 ? NaN : Math.log(value) / Math.log(base),
    },
  ],
}
