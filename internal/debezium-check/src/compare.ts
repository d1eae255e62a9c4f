/** Members whose own set of members is exact; elsewhere only what is expected is looked at. */
const EXACT = new Set([
  'key',
  'before',
  'after',
  'beforeDocument',
  'afterDocument',
  'beforeTrusted',
  'appliedTo',
])
/** Times are compared by these members: their texts are for people. */
const NUMERIC = ['ns', 'days']

/** Where `actual` is not as expected; undefined when it is. */
export function difference(
  actual: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const [name, value] of Object.entries(expected)) {
    const found = compare(actual[name], value, EXACT.has(name), name)
    if (found !== undefined) return found
  }
  return undefined
}

function compare(
  actual: unknown,
  expected: unknown,
  exact: boolean,
  path: string,
): string | undefined {
  const differs = (): string => `${path}: expected ${show(expected)}, got ${show(actual)}`
  if (expected === null) return actual === null || actual === undefined ? undefined : differs()
  if (typeof expected !== 'object') return actual === expected ? undefined : differs()
  if (typeof actual !== 'object' || actual === null) return differs()
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return differs()
    for (const [i, item] of expected.entries()) {
      const found = compare(actual[i], item, exact, `${path}[${i}]`)
      if (found !== undefined) return found
    }
    return undefined
  }
  const wanted = expected as Readonly<Record<string, unknown>>
  const given = actual as Readonly<Record<string, unknown>>
  if (Object.hasOwn(wanted, '$bytes'))
    return given['$bytes'] === wanted['$bytes'] && sameSubtype(given['subtype'], wanted['subtype'])
      ? undefined
      : differs()
  const numeric = NUMERIC.find((name) => Object.hasOwn(wanted, name))
  if (numeric !== undefined && Object.keys(wanted)[0]?.startsWith('$') === true)
    return given[numeric] === wanted[numeric] && Object.keys(given)[0] === Object.keys(wanted)[0]
      ? undefined
      : differs()
  if (exact) {
    const extra = Object.keys(given).find((name) => !Object.hasOwn(wanted, name))
    if (extra !== undefined && given[extra] !== undefined)
      return `${path}: unexpected member "${extra}"`
    const missing = Object.keys(wanted).find((name) => !Object.hasOwn(given, name))
    if (missing !== undefined) return `${path}: no member "${missing}"`
  }
  for (const [name, value] of Object.entries(wanted)) {
    const member = Object.hasOwn(given, name) ? given[name] : undefined
    const found = compare(member, value, exact, `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** Subtypes are hexadecimal text or numbers; where none is expected, any is right. */
function sameSubtype(given: unknown, wanted: unknown): boolean {
  const number = (subtype: unknown): unknown =>
    typeof subtype === 'string' ? Number.parseInt(subtype, 16) : subtype
  return wanted === undefined || number(given) === number(wanted)
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
