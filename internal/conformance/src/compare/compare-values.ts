import { formatJson, isArray, JsonObject, type Json, type JsonNumber } from '../json/json-value.ts'
import { actualNull, formatActual, type Actual } from './actual.ts'
import { parseExactDecimal, truncateDecimal } from './decimal.ts'

/** Doubles closer than this count as equal. */
const doubleTolerance = 0.000001

/** Why a value is not what a case expects; `undefined` when it is. The kind of the expectation decides how to look. */
export function differenceOf(expected: Json, actual: Actual, path = ''): string | undefined {
  if (expected instanceof JsonObject) return objectDifference(expected, actual, path)
  if (isArray(expected)) return listDifference(expected, actual, path)
  return scalarMatches(expected, actual) ? undefined : mismatch(expected, actual, path)
}

function mismatch(expected: Json, actual: Actual, path: string): string {
  return `${path === '' ? '' : `${path}: `}expected ${formatJson(expected)}, got ${formatActual(actual)}`
}

function objectDifference(expected: JsonObject, actual: Actual, path: string): string | undefined {
  if (actual.kind !== 'map' || actual.value.size !== expected.members.size) {
    return mismatch(expected, actual, path)
  }
  for (const [name, value] of expected.members) {
    let found = actual.value.get(name)
    if (found === undefined || found.kind === 'null') found = actual.value.get(name.toUpperCase())
    const difference = differenceOf(value, found ?? actualNull, `${path}.${name}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

function listDifference(
  expected: readonly Json[],
  actual: Actual,
  path: string,
): string | undefined {
  if (actual.kind !== 'list' || actual.value.length !== expected.length) {
    return mismatch(expected, actual, path)
  }
  for (const [i, item] of expected.entries()) {
    const difference = differenceOf(item, actual.value[i]!, `${path}[${i}]`)
    if (difference !== undefined) return difference
  }
  return undefined
}

function scalarMatches(expected: null | boolean | string | JsonNumber, actual: Actual): boolean {
  if (expected === null) return actual.kind === 'null'
  if (typeof expected === 'boolean') return actual.kind === 'boolean' && actual.value === expected
  if (typeof expected === 'string') return textMatches(expected, actual)
  return numberMatches(expected, actual)
}

function textMatches(expected: string, actual: Actual): boolean {
  switch (actual.kind) {
    case 'string':
    case 'bytes':
      return actual.value === expected
    case 'decimal': {
      const decimal = parseExactDecimal(expected)
      return (
        decimal !== undefined &&
        decimal.scale === actual.value.scale &&
        decimal.unscaled === actual.value.unscaled
      )
    }
    default:
      return false
  }
}

function numberMatches(expected: JsonNumber, actual: Actual): boolean {
  const decimal = parseExactDecimal(expected.text)!
  switch (actual.kind) {
    case 'int32':
      return actual.value === BigInt.asIntN(32, truncateDecimal(decimal))
    case 'int64':
      return actual.value === BigInt.asIntN(64, truncateDecimal(decimal))
    case 'double':
      return Math.abs(actual.value - Number(expected.text)) < doubleTolerance
    case 'decimal':
      if (expected.fractional) {
        return decimal.scale === actual.value.scale && decimal.unscaled === actual.value.unscaled
      }
      return (
        BigInt.asIntN(64, decimal.unscaled) === decimal.unscaled &&
        actual.value.scale <= 0 &&
        truncateDecimal(actual.value) === decimal.unscaled
      )
    default:
      return false
  }
}
