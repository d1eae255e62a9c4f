import type { Value } from '@varve/serde'

import type { ScalarFunction, ScalarOverload } from '../function.ts'

const parameters = [
  { name: 'text', type: 'STRING' },
  { name: 'part', type: 'STRING' },
  { name: 'position', type: 'INTEGER' },
  { name: 'occurrence', type: 'INTEGER' },
]

/** INSTR: 1-based position, 0 when absent or when a text is null; a negative position searches backwards. */
export const instr: ScalarFunction = {
  kind: 'scalar',
  name: 'INSTR',
  category: 'STRING',
  description: 'Where a part occurs in a text, from 1; 0 when it does not.',
  overloads: [2, 3, 4].map((count): ScalarOverload => ({
    parameters: parameters.slice(0, count),
    returns: 'INTEGER',
    nulls: 'call',
    evaluate: (text: string | null, part: string | null, position = 1, occurrence = 1): Value =>
      text === null || part === null ? 0 : find(text, part, position, occurrence),
  })),
}

function find(text: string, part: string, position: number, occurrence: number): number {
  if (position === 0 || occurrence < 1) return 0
  let at = position > 0 ? position - 1 : text.length + position
  for (let n = 1; ; n++) {
    at = position > 0 ? text.indexOf(part, at) : at < 0 ? -1 : text.lastIndexOf(part, at)
    if (at === -1) return 0
    if (n === occurrence) return at + 1
    at += position > 0 ? 1 : -1
  }
}
