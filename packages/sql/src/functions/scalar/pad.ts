import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** Longest result: a size from the data must not fill the memory. */
const lengthMax = 10_000_000

function define(name: 'LPAD' | 'RPAD', description: string): ScalarFunction {
  const checked = (length: number): number => {
    if (length <= lengthMax) return length
    throw new RangeError(`${name} to a length of ${length} is too long`)
  }
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
          const cut = text.slice(0, checked(length))
          return name === 'LPAD' ? cut.padStart(length, padding) : cut.padEnd(length, padding)
        },
      },
      {
        parameters: [
          { name: 'bytes', type: 'BYTES' },
          { name: 'length', type: 'INTEGER' },
          { name: 'padding', type: 'BYTES' },
        ],
        returns: 'BYTES',
        evaluate: (bytes: Uint8Array, length: number, padding: Uint8Array): Value => {
          if (padding.length === 0 || length < 0) return null
          const result = new Uint8Array(checked(length))
          const cut = bytes.subarray(0, length)
          const padded = length - cut.length
          const start = name === 'LPAD' ? 0 : cut.length
          for (let i = 0; i < padded; i++) result[start + i] = padding[i % padding.length]!
          result.set(cut, name === 'LPAD' ? padded : 0)
          return result
        },
      },
    ],
  }
}

/** LPAD: cut when longer; an empty padding or a negative length gives null. */
export const lpad: ScalarFunction = define('LPAD', 'Text or bytes filled up on the left.')

/** RPAD: cut when longer; an empty padding or a negative length gives null. */
export const rpad: ScalarFunction = define('RPAD', 'Text or bytes filled up on the right.')
