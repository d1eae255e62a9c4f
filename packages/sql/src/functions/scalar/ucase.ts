import type { ScalarFunction } from '../function.ts'

/** UCASE: The text in upper case. */
export const ucase: ScalarFunction = {
  kind: 'scalar',
  name: 'UCASE',
  category: 'STRING',
  description: 'The text in upper case.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING' }],
      returns: 'STRING',
      evaluate: (text: string) => text.toUpperCase(),
    },
  ],
}
