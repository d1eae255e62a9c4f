import type { ScalarFunction } from '../function.ts'

/** LCASE: The text in lower case. */
export const lcase: ScalarFunction = {
  kind: 'scalar',
  name: 'LCASE',
  category: 'STRING',
  description: 'The text in lower case.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING' }],
      returns: 'STRING',
      evaluate: (text: string) => text.toLowerCase(),
    },
  ],
}
