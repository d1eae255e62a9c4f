import { expect, test } from 'vitest'

import { isArray, type Json } from '../src/json/json-value.ts'
import { parseJson } from '../src/json/parse-json.ts'
import { responsesDifference } from '../src/rest-cases/compare-responses.ts'

const header = '{"header":{"queryId":"q_7","schema":"`K` STRING KEY, `N` DECIMAL(4, 2)"}}'
const rows = `[${header},{"row":{"columns":["a",1.50]}},{"row":{"columns":["b",{"X":1,"Y":null}]}},{"finalMessage":"Limit Reached"}]`

function difference(expected: string): string | undefined {
  const wanted = parseJson(expected)
  if (!isArray(wanted)) throw new Error('a list is needed')
  return responsesDifference(wanted as readonly Json[], [
    { kind: 'admin', content: parseJson('{"@type":"currentStatus","commandId":"c"}') },
    { kind: 'query', content: parseJson(rows) },
  ])
}

const query = (elements: string): string =>
  `[{"admin":{"@type":"currentStatus"}},{"query":[${elements}]}]`
const schema =
  '{"header":{"schema":"`K` STRING KEY, `N` DECIMAL(4, 2)","queryId|starts_with":"q_"}}'
const a = '{"row":{"columns":["a",1.50]}}'
const b = '{"row":{"columns":["b",{"X":1}]}}'
const end = '{"finalMessage":"Limit Reached"}'

test('rows match in any order, without members that say nothing', () => {
  expect(difference(query(`${schema},${a},${b},${end}`))).toBeUndefined()
  expect(difference(query(`${schema},${b},${a},${end}`))).toBeUndefined()
})

test.each([
  ['the schema', query(`{"header":{"schema":"\`K\` STRING"}},${a},${b},${end}`)],
  ['the prefix of the query id', query(`{"header":{"queryId|starts_with":"x"}},${a},${b},${end}`)],
  ['a value', query(`${schema},{"row":{"columns":["c",1.50]}},${b},${end}`)],
  ['the scale of a number', query(`${schema},{"row":{"columns":["a",1.5]}},${b},${end}`)],
  ['a tombstone', query(`${schema},{"row":{"columns":["a",1.50],"tombstone":true}},${b},${end}`)],
  ['a row twice', query(`${schema},${a},${a},${end}`)],
  ['a row too few', query(`${schema},${a},${end}`)],
  ['the final message', query(`${schema},${a},${b},{"finalMessage":"Query Completed"}`)],
  ['the kind of a response', '[{"query":[]}]'],
  ['the type of an answer', '[{"admin":{"@type":"streams"}}]'],
  ['a response too many', query(`${schema},${a},${b},${end}`).replace(/]$/, ',{"query":[]}]')],
])('altering %s is a difference', (_what, expected) => {
  expect(difference(expected)).toBeDefined()
})
