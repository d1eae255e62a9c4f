import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { sharedFixture } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { format, parse } from '../src/index.ts'
import { withoutSpans } from './without-spans.ts'

interface Case {
  readonly name: string
  readonly statements: readonly string[]
  readonly format?: readonly string[]
  readonly expectedException?: unknown
  readonly expectedError?: unknown
}

const folder = sharedFixture('conformance')

describe.skipIf(folder === undefined)('statements of the conformance cases', () => {
  test.each(['qtt', 'rqtt'])('%s parse, and format and parse again to the same tree', (suite) => {
    let count = 0
    for (const file of readdirSync(join(folder!, suite))) {
      const { tests } = JSON.parse(readFileSync(join(folder!, suite, file), 'utf8')) as {
        readonly tests: readonly Case[]
      }
      for (const { name, statements, format: formats, ...expected } of tests) {
        if (expected.expectedException !== undefined || expected.expectedError !== undefined) {
          continue
        }
        const script = statements.join('\n').replaceAll('{FORMAT}', formats?.[0] ?? 'JSON')
        for (const { statement, text } of parse(script)) {
          const again = parse(format(statement))
          expect(again, `${file} ${name}: ${text}`).toHaveLength(1)
          expect(withoutSpans(again[0]!.statement), `${file} ${name}: ${text}`).toEqual(
            withoutSpans(statement),
          )
          count += 1
        }
      }
    }
    expect(count).toBeGreaterThan(500)
  })
})
