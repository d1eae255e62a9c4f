import type { ScalarFunction } from '../function.ts'

/** FIELD: counted from 1; 0 when it is not there, or null. */
export const field: ScalarFunction = {
  kind: 'scalar',
  name: 'FIELD',
  category: 'ARRAY',
  description: 'The place of a text among others, counted from 1; 0 when it is not among them.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'texts', type: 'STRING...' },
      ],
      returns: 'INTEGER',
      nulls: 'call',
      evaluate: (text: string | null, ...texts: readonly (string | null)[]) =>
        text === null ? 0 : texts.indexOf(text) + 1,
    },
  ],
}
