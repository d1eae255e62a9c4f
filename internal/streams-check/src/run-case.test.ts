import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { sharedFixture } from '@varve/base/testing'
import { describe, expect, it } from 'vitest'

import type { Case, CaseResult } from './case.ts'
import { runCase } from './run-case.ts'

const folder = sharedFixture('streams-oracle')

function lines<T>(name: string): T[] {
  const text = readFileSync(join(folder!, name), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]))
}

/** Outputs and stores, as far as they are to agree. */
function comparable({ outputs, stores, lateDropped, error }: CaseResult): unknown {
  if (error !== undefined) return 'error'
  return {
    byTopic: Object.groupBy(
      outputs.map(({ input, topic, key, window, value, timestamp }) => ({
        input,
        topic,
        key: key ?? null,
        window,
        value: value ?? null,
        timestamp,
      })),
      ({ topic }) => topic,
    ),
    stores,
    lateDropped,
  }
}

describe.skipIf(folder === undefined)('what Kafka Streams really does', () => {
  it('comes out here too', async () => {
    const results = new Map(
      lines<CaseResult>('facts.results.jsonl').map((result) => [result.id, result]),
    )
    const different: string[] = []
    for (const test of lines<Case>('facts.jsonl')) {
      const wanted = comparable(results.get(test.id)!)
      const got = comparable(await runCase(test))
      if (!isDeepStrictEqual(got, wanted)) different.push(test.id)
    }
    expect(different).toEqual([])
  })
})
