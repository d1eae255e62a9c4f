import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { scanScript } from '@varve/sql'
import { expect, test } from 'vitest'

import type { Place } from './on-each-broker.ts'

/** Statements of an example up to what it asserts: its sources, its queries and its input. */
function pipelineOf(example: string): string {
  const path = join(import.meta.dirname, '../../examples', `${example}.sql`)
  const texts = scanScript(readFileSync(path, 'utf8')).statements.map(({ text }) => text)
  const first = texts.findIndex((text) => /^ASSERT\b/i.test(text.replace(/^--.*$/gm, '').trim()))
  return texts.slice(0, first).join('\n')
}

/** Declares the tests of the pipelines that turn changes of a table into events. */
export function changePipelines(place: () => Place): void {
  test.each([
    [
      'first-purchase',
      'first_purchases',
      [
        { USER_ID: 1, ITEM: 'pen' },
        { USER_ID: 2, ITEM: 'ink' },
        { USER_ID: 3, ITEM: 'desk' },
      ],
    ],
    [
      'option-toggle',
      'option_toggles',
      [
        { USER_ID: 1, ENABLED: false },
        { USER_ID: 2, ENABLED: true },
        { USER_ID: 1, ENABLED: true },
        { USER_ID: 2, ENABLED: false },
        { USER_ID: 1, ENABLED: false },
      ],
    ],
  ])('%s', async (example, stream, expected) => {
    await using engine = await place().open()
    await engine.execute(pipelineOf(example), { properties: { 'auto.offset.reset': 'earliest' } })
    const events: unknown[] = []
    for await (const { after } of engine.subscribe(stream, { from: 'earliest' })) {
      events.push(after)
      if (events.length === expected.length) break
    }
    expect(events).toEqual(expected)
  })
}
