import type { ScalarFunction } from '../function.ts'

/** TRIM: The text without characters up to U+0020 at both ends. */
export const trim: ScalarFunction = {
  kind: 'scalar',
  name: 'TRIM',
  category: 'STRING',
  description: 'The text without characters up to U+0020 at both ends.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING' }],
      returns: 'STRING',
      evaluate: (text: string) => text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, ''),
    },
  ],
}
