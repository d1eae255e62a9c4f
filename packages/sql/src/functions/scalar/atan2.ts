import type { ScalarFunction } from '../function.ts'

/** ATAN2. */
export const atan2: ScalarFunction = {
  kind: 'scalar',
  name: 'ATAN2',
  category: 'MATHEMATICAL',
  description: 'The angle of the point (x, y) in radians.',
  overloads: [
    {
      parameters: [
        { name: 'y', type: 'DOUBLE' },
        { name: 'x', type: 'DOUBLE' },
      ],
      returns: 'DOUBLE',
      evaluate: Math.atan2,
    },
  ],
}
