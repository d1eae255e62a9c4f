import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** SUBSTRING: positions count from 1, negative ones from the end; out of range is cut. */
export const substring: ScalarFunction = {
  kind: 'scalar',
  name: 'SUBSTRING',
  category: 'STRING',
  description: 'A piece of a text or of bytes. Positions count from 1, negative ones from the end.',
  overloads: [
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'position', type: 'INTEGER' },
      ],
      returns: 'STRING',
      evaluate: (text: string, position: number): Value =>
        text.slice(startOf(position, text.length)),
    },
    {
      parameters: [
        { name: 'text', type: 'STRING' },
        { name: 'position', type: 'INTEGER' },
        { name: 'length', type: 'INTEGER' },
      ],
      returns: 'STRING',
      evaluate: (text: string, position: number, length: number): Value => {
        const start = startOf(position, text.length)
        return text.slice(start, start + Math.max(length, 0))
      },
    },
    {
      parameters: [
        { name: 'bytes', type: 'BYTES' },
        { name: 'position', type: 'INTEGER' },
      ],
      returns: 'BYTES',
      evaluate: (bytes: Uint8Array, position: number): Value =>
        bytes.slice(startOf(position, bytes.length)),
    },
    {
      parameters: [
        { name: 'bytes', type: 'BYTES' },
        { name: 'position', type: 'INTEGER' },
        { name: 'length', type: 'INTEGER' },
      ],
      returns: 'BYTES',
      evaluate: (bytes: Uint8Array, position: number, length: number): Value => {
        const start = startOf(position, bytes.length)
        return bytes.slice(start, start + Math.max(length, 0))
      },
    },
  ],
}

function startOf(position: number, length: number): number {
  const start = position < 0 ? length + position : position - 1
  return Math.min(Math.max(start, 0), length)
}
