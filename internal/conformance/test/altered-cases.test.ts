import { sharedFixture } from '@varve/base/testing'
import { describe, expect, test } from 'vitest'

import { formatJson, isArray, JsonNumber, JsonObject, type Json } from '../src/json/json-value.ts'
import { runCase } from '../src/run/run-case.ts'
import type { CaseRecord, SuiteCase } from '../src/suite/case.ts'
import { loadSuite } from '../src/suite/load-suite.ts'

const directory = sharedFixture('conformance')

/** Of so many cases one is altered in every way that it has room for. */
const queryStride = Number(process.env['VARVE_ALTERED_STRIDE'] ?? 12)
const restStride = queryStride * 2

type Alteration = readonly [name: string, alter: (testCase: SuiteCase) => SuiteCase | undefined]

/** Changes the last expected record; `undefined` when the case has none, or it has nothing there to change. */
function lastOutput(change: (record: CaseRecord) => CaseRecord | undefined): Alteration[1] {
  return (testCase) => {
    const outputs = testCase.outputs ?? []
    const last = outputs.at(-1)
    const changed = last && change(last)
    return changed && { ...testCase, outputs: [...outputs.slice(0, -1), changed] }
  }
}

/** Another value than any case expects. */
function other(json: Json): Json {
  if (json instanceof JsonNumber) return new JsonNumber('987654321')
  if (json instanceof JsonObject) {
    const [first] = json.members
    if (first === undefined) return new JsonObject(new Map([['ODD', true]]))
    return new JsonObject(new Map([...json.members, [first[0], other(first[1])]]))
  }
  if (isArray(json)) return [...json, 'odd']
  if (typeof json === 'boolean') return !json
  return json === null ? 'odd' : `${json}~`
}

function withoutNulls(json: Json): Json {
  if (!(json instanceof JsonObject)) return json
  return new JsonObject(new Map([...json.members].filter(([, value]) => value !== null)))
}

const alterations: readonly Alteration[] = [
  ['a value', lastOutput((record) => ({ ...record, value: other(record.value) }))],
  ['a key', lastOutput((record) => ({ ...record, key: other(record.key) }))],
  [
    'a timestamp',
    lastOutput((record) =>
      record.timestamp === undefined ? undefined : { ...record, timestamp: record.timestamp + 1n },
    ),
  ],
  [
    'headers',
    lastOutput((record) => ({
      ...record,
      headers: [...record.headers, { key: 'odd', value: null }],
    })),
  ],
  [
    'a window',
    lastOutput((record) =>
      record.window === undefined
        ? { ...record, window: { type: 'time', start: 1n, end: 2n } }
        : { ...record, window: undefined },
    ),
  ],
  [
    'a record taken away',
    (c) => (c.outputs?.length ? { ...c, outputs: c.outputs.slice(1) } : undefined),
  ],
  [
    'the order',
    (testCase) => {
      const outputs = testCase.outputs ?? []
      const [a, b] = [outputs.at(-2), outputs.at(-1)]
      if (a?.topic !== b?.topic || a === undefined || b === undefined) return undefined
      // Members that are null may be missing: records that differ in them alone are equal.
      const text = (record: CaseRecord): string =>
        formatJson([record.key, withoutNulls(record.value)])
      if (text(a) === text(b)) return undefined
      return { ...testCase, outputs: [...outputs.slice(0, -2), b, a] }
    },
  ],
  [
    'the words of an error',
    (testCase) => {
      const { expectedException: expected } = testCase
      if (expected?.message === undefined) return undefined
      return {
        ...testCase,
        expectedException: { ...expected, message: `${expected.message}, oddly` },
      }
    },
  ],
  [
    'an error that should not come',
    (testCase) =>
      testCase.expectedException === undefined
        ? undefined
        : { ...testCase, expectedException: undefined },
  ],
]

/** A topic that is no longer named in `outputs` is not looked at. */
function isVacuous(before: SuiteCase, after: SuiteCase): boolean {
  const topics = new Set(after.outputs?.map((record) => record.topic))
  return before.outputs?.some((record) => !topics.has(record.topic)) ?? true
}

describe.skipIf(directory === undefined)('query cases of the suite', () => {
  const cases =
    directory !== undefined
      ? loadSuite(directory, { suite: 'qtt', file: undefined, name: undefined }).filter(
          ({ inScope }, i) => inScope && i % queryStride === 0,
        )
      : []

  test.each(alterations)('altering %s fails every case', async (name, alter) => {
    const passed: string[] = []
    let altered = 0
    for (const testCase of cases) {
      const changed = alter(testCase)
      const expectsError = testCase.expectedException !== undefined
      if (changed === undefined || expectsError !== name.includes('error')) continue
      if (name === 'a record taken away' && isVacuous(testCase, changed)) continue
      altered++
      if ((await runCase(changed)).passed) passed.push(testCase.id)
    }
    expect(passed).toEqual([])
    expect(altered).toBeGreaterThan(0)
  })
})

/** A JSON value with every place of `path` replaced by its altered self. */
function alterAt(json: Json, path: readonly string[]): Json | undefined {
  const [step, ...rest] = path
  if (step === undefined) return other(json)
  if (step === '*') {
    if (!isArray(json)) return undefined
    const at = json.findLastIndex((item) => alterAt(item, rest) !== undefined)
    return at < 0 ? undefined : json.map((item, i) => (i === at ? alterAt(item, rest)! : item))
  }
  if (!(json instanceof JsonObject) || !json.has(step)) return undefined
  const changed = alterAt(json.get(step)!, rest)
  return changed && new JsonObject(new Map([...json.members, [step, changed]]))
}

function inSource(...path: readonly string[]): (testCase: SuiteCase) => SuiteCase | undefined {
  return (testCase) => {
    const source = alterAt(testCase.source, path)
    return source instanceof JsonObject ? { ...testCase, source } : undefined
  }
}

describe.skipIf(directory === undefined)('REST cases of the suite', () => {
  const cases =
    directory !== undefined
      ? loadSuite(directory, { suite: 'rqtt', file: undefined, name: undefined }).filter(
          ({ inScope }, i) => inScope && i % restStride === 0,
        )
      : []
  const errors =
    directory !== undefined
      ? loadSuite(directory, { suite: 'rqtt', file: undefined, name: undefined })
          .filter(({ inScope, source }) => inScope && source.has('expectedError'))
          .filter((_, i) => i % 8 === 0)
      : []

  test.each([
    ['a value of a row', cases, inSource('responses', '*', 'query', '*', 'row', 'columns', '*')],
    ['a schema', cases, inSource('responses', '*', 'query', '*', 'header', 'schema')],
    ['a final message', cases, inSource('responses', '*', 'query', '*', 'finalMessage')],
    ['the words of an error', errors, inSource('expectedError', 'message')],
    ['the status of an error', errors, inSource('expectedError', 'status')],
  ])('altering %s fails every case', { timeout: 120_000 }, async (_name, chosen, alter) => {
    const passed: string[] = []
    let altered = 0
    for (const testCase of chosen) {
      const changed = alter(testCase)
      if (changed === undefined) continue
      altered++
      if ((await runCase(changed)).passed) passed.push(testCase.id)
    }
    expect(passed).toEqual([])
    expect(altered).toBeGreaterThan(0)
  })
})
