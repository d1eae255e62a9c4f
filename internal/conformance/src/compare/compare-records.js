import { formatJson } from '../json/json-value.ts'
import { formatActual } from './actual.ts'
import { differenceOf } from './compare-values.ts'
/** Why the records of a topic are not those expected, in that order; `undefined` when they are. */
export function recordsDifference(topic, expected, actual) {
  const shared = Math.min(expected.length, actual.length)
  for (let i = 0; i < shared; i++) {
    const difference = recordDifference(expected[i], actual[i])
    if (difference !== undefined) return `record ${i} of topic "${topic}": ${difference}`
  }
  if (expected.length === actual.length) return undefined
  const next =
    actual.length > shared
      ? `; the first unexpected one has key ${formatActual(actual[shared].key)} and value ${formatActual(actual[shared].value)}`
      : `; the first missing one has key ${formatJson(expected[shared].key)} and value ${formatJson(expected[shared].value)}`
  return `topic "${topic}" has ${actual.length} records, expected ${expected.length}${next}`
}
function recordDifference(expected, actual) {
  const key = keyDifference(expected, actual.key)
  if (key !== undefined) return `key: ${key}`
  const value = differenceOf(expected.value, actual.value)
  if (value !== undefined) return `value: ${value}`
  const headers = headersDifference(expected.headers, actual.headers)
  if (headers !== undefined) return headers
  if (expected.timestamp !== undefined && expected.timestamp !== BigInt(actual.timestamp)) {
    return `timestamp: expected ${expected.timestamp}, got ${actual.timestamp}`
  }
  return undefined
}
function keyDifference(expected, actual) {
  const { window, key } = expected
  if (window === undefined) return differenceOf(key, actual)
  if (
    actual.kind !== 'windowed' ||
    actual.window.type !== window.type ||
    actual.window.start !== window.start ||
    actual.window.end !== window.end
  ) {
    return `expected ${formatJson(key)} in ${window.type} window ${window.start}..${window.end}, got ${formatActual(actual)}`
  }
  return differenceOf(key, actual.value)
}
function headersDifference(expected, actual) {
  const text = (headers) => JSON.stringify(headers.map(({ key, value }) => [key, value]))
  return text(expected) === text(actual)
    ? undefined
    : `headers: expected ${text(expected)}, got ${text(actual)}`
}
