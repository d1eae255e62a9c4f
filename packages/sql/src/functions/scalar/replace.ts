import type { ScalarFunction } from '../function.ts'

/** REPLACE: Replaces all occurrences of a text. */
export const replace: ScalarFunction = {
  kind: 'scalar',
  name: 'REPLACE',
  category: 'STRING',
  description: 'Replaces all occurrences of a text.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'from', type: 'STRING' },
        { name: 'to', type: 'STRING' },
      ],
      returns: 'STRING',
      evaluate: (text: string, from: string, to: string) => text.replaceAll(from, () => to),
    },
  ],
}
