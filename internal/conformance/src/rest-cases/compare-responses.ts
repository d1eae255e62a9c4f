import { parseExactDecimal } from '../compare/decimal.ts'
import { formatJson, isArray, JsonNumber, JsonObject, type Json } from '../json/json-value.ts'

/** What came back for one statement or query. */
export interface ActualResponse {
  readonly kind: 'admin' | 'query' | 'queryProto'
  readonly content: Json
}

/** Why the responses are not those expected; `undefined` when they are. There may be more than expected. */
export function responsesDifference(
  expected: readonly Json[],
  actual: readonly ActualResponse[],
): string | undefined {
  for (const [i, wanted] of expected.entries()) {
    const found = actual[i]
    if (found === undefined) {
      return `response ${i} is missing: ${actual.length} of ${expected.length} came`
    }
    const difference = responseDifference(wanted, found)
    if (difference !== undefined) return `response ${i}: ${difference}`
  }
  return undefined
}

function responseDifference(expected: Json, actual: ActualResponse): string | undefined {
  if (!(expected instanceof JsonObject)) return 'the expectation is no object'
  const [[kind, content] = ['nothing', null] as const] = expected.members
  if (kind !== actual.kind) return `expected ${kind}, got ${actual.kind}`
  if (kind === 'admin') return subsetDifference(content, actual.content)
  if (!isArray(content) || !isArray(actual.content)) {
    return `expected ${formatJson(content)}, got ${formatJson(actual.content)}`
  }
  return rowsDifference(content, actual.content)
}

function rowsDifference(expected: readonly Json[], actual: readonly Json[]): string | undefined {
  if (expected.length !== actual.length) {
    return `expected ${expected.length} elements, got ${actual.length}: ${shorten(formatJson(actual))}`
  }
  const wantedColumns: string[] = []
  const foundColumns: string[] = []
  for (const [i, wanted] of expected.entries()) {
    const found = actual[i]!
    const wantedRow = takeColumns(wanted, wantedColumns, (column) => column)
    const foundRow = takeColumns(found, foundColumns, withoutEmptyMembers)
    const difference = subsetDifference(wantedRow, foundRow)
    if (difference !== undefined) return `element ${i}: ${difference}`
  }
  // The order of rows is free.
  const wanted = wantedColumns.toSorted().join('\n')
  const found = foundColumns.toSorted().join('\n')
  return wanted === found
    ? undefined
    : `expected rows ${wantedColumns.join(' ')}, got ${foundColumns.join(' ')}`
}

/** Moves `row.columns` of an element into `into`, as canonical text, and returns the element without them. */
function takeColumns(element: Json, into: string[], each: (column: Json) => Json): Json {
  if (!(element instanceof JsonObject)) return element
  const row = element.get('row')
  const columns = row instanceof JsonObject ? row.get('columns') : row
  if (columns === undefined) return element
  if (isArray(columns)) into.push(canonical(columns.map(each)))
  else into.push(canonical(columns))
  const rest = new Map(element.members)
  if (row instanceof JsonObject) {
    rest.set(
      'row',
      new JsonObject(new Map([...row.members].filter(([name]) => name !== 'columns'))),
    )
  } else {
    rest.set('row', null)
  }
  return new JsonObject(rest)
}

/** Objects inside a column without members that say nothing; elements of lists stay. */
function withoutEmptyMembers(json: Json): Json {
  if (isArray(json)) return json.map(withoutEmptyMembers)
  if (!(json instanceof JsonObject)) return json
  const members = Array.from(
    json.members,
    ([name, value]) => [name, withoutEmptyMembers(value)] as const,
  )
  return new JsonObject(new Map(members.filter(([, value]) => !saysNothing(value))))
}

function saysNothing(json: Json): boolean {
  if (json === null || json === '') return true
  if (isArray(json)) return json.length === 0
  return json instanceof JsonObject && json.members.size === 0
}

/** Only members listed are compared; a name ending in `|starts_with` asks for a prefix. */
function subsetDifference(expected: Json, actual: Json | undefined): string | undefined {
  if (!(expected instanceof JsonObject)) {
    return actual !== undefined && canonical(expected) === canonical(actual)
      ? undefined
      : `expected ${formatJson(expected)}, got ${actual === undefined ? 'nothing' : shorten(formatJson(actual))}`
  }
  if (!(actual instanceof JsonObject)) {
    return `expected ${formatJson(expected)}, got ${actual === undefined ? 'nothing' : shorten(formatJson(actual))}`
  }
  for (const [key, value] of expected.members) {
    const [name = '', operator] = key.split('|')
    const found = actual.get(name)
    if (operator === 'starts_with') {
      if (typeof found !== 'string' || !found.startsWith(String(value))) {
        return `${name}: expected text starting with ${formatJson(value)}, got ${found === undefined ? 'nothing' : formatJson(found)}`
      }
      continue
    }
    const difference = subsetDifference(value, found)
    if (difference !== undefined) return `${name}: ${difference}`
  }
  return undefined
}

/** Text in which equal values are equal: members in any order, numbers with their scale. */
function canonical(json: Json): string {
  if (json instanceof JsonNumber) {
    if (!json.fractional) return String(BigInt(json.text))
    const { unscaled, scale } = parseExactDecimal(json.text)!
    return `${unscaled}e-${scale}`
  }
  if (isArray(json)) return `[${json.map(canonical).join(',')}]`
  if (!(json instanceof JsonObject)) return formatJson(json)
  const members = Array.from(
    json.members,
    ([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`,
  )
  return `{${members.toSorted().join(',')}}`
}

function shorten(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)} …`
}
