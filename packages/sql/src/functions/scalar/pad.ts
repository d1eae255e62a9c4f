import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** Longest result: a size from the data must not fill the memory. */
const lengthMax = 10_000_000

function define(name: 'LPAD' | 'RPAD', description: string): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    category: 'STRING',
    description,
    overloads: [
      {
        parameters: [
          { name: 'text', type: 'STRING' },
          { name: 'length', type: 'INTEGER' },
          { name: 'padding', type: 'STRING' },
        ],
        returns: 'STRING',
        evaluate: (text: string, length: number, padding: string): Value => {
          if (padding === '' || length < 0) return null
          if (length > lengthMax)
            throw new RangeError(`${name} to ${length} characters is too long`)
          const cut = text.slice(0, length)
          return name === 'LPAD' ? cut.padStart(length, padding) : cut.padEnd(length, padding)
        },
      },
    ],
  }
}

/** LPAD: cut when longer; an empty padding or a negative length gives null. */
export const lpad: ScalarFunction = define('LPAD', 'The text filled up on the left to a length.')

/** RPAD: cut when longer; an empty padding or a negative length gives null. */
export const rpad: ScalarFunction = define('RPAD', 'The text filled up on the right to a length.')
