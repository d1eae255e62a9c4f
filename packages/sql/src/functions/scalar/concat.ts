import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** CONCAT and `||`: nulls are skipped. */
export const concat: ScalarFunction = {
  kind: 'scalar',
  name: 'CONCAT',
  category: 'STRING',
  description: 'Joins texts, or bytes; nulls are skipped.',
  overloads: [
    {
      parameters: [{ name: 'text', type: 'STRING...' }],
      returns: 'STRING',
      nulls: 'call',
      evaluate: (...texts: readonly (string | null)[]): Value => texts.join(''),
    },
    {
      parameters: [{ name: 'bytes', type: 'BYTES...' }],
      returns: 'BYTES',
      nulls: 'call',
      evaluate: (...parts: readonly (Uint8Array | null)[]): Value => concatBytes(parts),
    },
  ],
}

function concatBytes(parts: readonly (Uint8Array | null)[]): Uint8Array {
  const present = parts.filter((part) => part !== null)
  const joined = new Uint8Array(present.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of present) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
