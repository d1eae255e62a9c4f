import type { ScalarFunction } from '../function.ts'

/** POWER: The base to the power of the exponent. */
export const power: ScalarFunction = {
  kind: 'scalar',
  name: 'POWER',
  category: 'MATHEMATICAL',
  description: 'The base to the power of the exponent.',
  overloads: [
    {
      parameters: [
        { name: 'base', type: 'DOUBLE' },
        { name: 'exponent', type: 'DOUBLE' },
      ],
      returns: 'DOUBLE',
      evaluate: (base: number, exponent: number) => base ** exponent,
    },
  ],
}
