import type { ScalarFunction } from '../function.ts'

/** RANDOM: A random number in [0, 1). */
export const random: ScalarFunction = {
  kind: 'scalar',
  name: 'RANDOM',
  category: 'MATHEMATICAL',
  description: 'A random number in [0, 1).',
  overloads: [
    {
      parameters: [],
      returns: 'DOUBLE',
      bind:
        ({ environment }) =>
        () =>
          environment.random.next(),
    },
  ],
}
