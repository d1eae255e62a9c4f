import type { ScalarFunction } from '../function.ts'

/** PI. */
export const pi: ScalarFunction = {
  kind: 'scalar',
  name: 'PI',
  category: 'MATHEMATICAL',
  description: 'The ratio of the circumference of a circle to its diameter.',
  overloads: [{ parameters: [], returns: 'DOUBLE', evaluate: () => Math.PI }],
}
