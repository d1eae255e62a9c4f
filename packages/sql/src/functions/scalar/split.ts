import type { ScalarFunction } from '../function.ts'

/** SPLIT: The pieces of a text between delimiters; an empty delimiter gives the characters. */
export const split: ScalarFunction = {
  kind: 'scalar',
  name: 'SPLIT',
  category: 'ARRAY',
  description: 'The pieces of a text between delimiters; an empty delimiter gives the characters.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'delimiter', type: 'STRING' },
      ],
      returns: 'ARRAY<STRING>',
      evaluate: (text: string, delimiter: string) => text.split(delimiter),
    },
  ],
}
