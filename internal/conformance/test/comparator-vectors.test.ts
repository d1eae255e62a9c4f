import { readFileSync } from 'node:fs'

import { sharedFixture } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { actualNull, type Actual } from '../src/compare/actual.ts'
import { differenceOf } from '../src/compare/compare-values.ts'
import { parseExactDecimal } from '../src/compare/decimal.ts'
import { parseJson } from '../src/json/parse-json.ts'

const file = sharedFixture('conformance/comparator-vectors.json')

interface VectorActual {
  readonly kind: string
  readonly value?: unknown
}

interface Vector {
  readonly actual: VectorActual
  readonly expected: string
  readonly match: boolean
}

function read({ kind, value }: VectorActual): Actual {
  switch (kind) {
    case 'null':
      return actualNull
    case 'boolean':
      return { kind, value: value as boolean }
    case 'string':
    case 'bytes':
      return { kind, value: value as string }
    case 'int32':
    case 'int64':
    case 'bigint':
      return { kind, value: BigInt(value as string) }
    case 'float':
    case 'double':
      return { kind, value: Number(value) }
    case 'decimal':
      return { kind, value: parseExactDecimal(value as string)! }
    case 'list':
      return { kind, value: (value as VectorActual[]).map(read) }
    case 'map':
      return {
        kind,
        value: new Map(
          Object.entries(value as Record<string, VectorActual>).map(([name, member]) => [
            name,
            read(member),
          ]),
        ),
      }
    case 'windowed':
      return {
        kind,
        value: read(value as VectorActual),
        window: { type: 'time', start: 0n, end: 1n },
      }
    default:
      throw new Error(`unknown kind ${kind}`)
  }
}

describe.skipIf(file === undefined)('comparator', () => {
  const vectors =
    file !== undefined
      ? (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }).vectors
      : []

  test('there are vectors', () => {
    expect(vectors.length).toBeGreaterThan(0)
  })

  test.each(vectors.map((vector, i) => ({ ...vector, i })))(
    'vector $i: $expected matches: $match',
    ({ actual, expected, match }) => {
      expect(differenceOf(parseJson(expected), read(actual)) === undefined).toBe(match)
    },
  )
})
