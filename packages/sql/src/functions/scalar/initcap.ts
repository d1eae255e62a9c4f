import type { ScalarFunction } from '../function.ts'

/** INITCAP: The first letter of each word in upper case, the rest in lower case. */
export const initcap: ScalarFunction = {
  kind: 'scalar',
  name: 'INITCAP',
  category: 'STRING',
  description: 'The first letter of each word in upper case, the rest in lower case.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING' }],
      returns: 'STRING',
      evaluate: (text: string) =>
        text.toLowerCase().replaceAll(/(^|\s)\S/g, (start) => start.toUpperCase()),
    },
  ],
}
