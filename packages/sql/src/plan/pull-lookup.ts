import { sqlTypesEqual, type SqlType } from '@varve/serde'

import type { DataSource } from '../catalog/data-source.ts'
import { castFunction } from '../expression/cast/cast.ts'
import { comparator } from '../expression/compare-values.ts'
import type { FoldConstant } from '../expression/fold-constant.ts'
import { decodeLiteral, encodeLiteral } from '../expression/literal.ts'
import type { LiteralJson, TypedExpression } from '../expression/typed-expression.ts'
import type { PullBound, PullLookup, PullWindowBounds } from './pull-plan.ts'

/** Keys looked up one by one at most; more make a scan. */
const keysMax = 10_000

/** How to read the store for a condition, and whether that covers the condition. */
export interface ExtractedLookup {
  readonly lookup: PullLookup
  readonly covered: boolean
}

/** Finds what a WHERE condition says about keys and windows. A condition it does not understand makes a scan, which is always right. */
export function extractLookup(
  where: TypedExpression | undefined,
  source: DataSource,
  fold: FoldConstant,
): ExtractedLookup {
  if (where === undefined) return { lookup: { kind: 'scan', windows: {} }, covered: true }
  if (source.kind === 'STREAM') return { lookup: { kind: 'scan', windows: {} }, covered: false }
  const disjuncts = operandsOf('OR', where).map((disjunct) => readDisjunct(disjunct, source, fold))
  // Bounds of several disjuncts do not make one interval; the filter checks them then.
  const windows = disjuncts.length === 1 ? disjuncts[0]!.windows : {}
  const covered = disjuncts.every((d) => d.covered) && disjuncts.length === 1
  const keySets = disjuncts.map((disjunct) => disjunct.keys)
  if (keySets.every((keys) => keys !== undefined)) {
    const keys = distinct(keySets.flat())
    if (keys.length <= keysMax) {
      const isKeysOnly = disjuncts.every((d) => d.keysOnly)
      return { lookup: { kind: 'keys', keys, windows }, covered: covered || isKeysOnly }
    }
  }
  const only = disjuncts.length === 1 ? disjuncts[0]! : undefined
  if (only !== undefined && (only.lower !== undefined || only.upper !== undefined)) {
    return {
      lookup: {
        kind: 'range',
        ...(only.lower === undefined ? {} : { lower: only.lower }),
        ...(only.upper === undefined ? {} : { upper: only.upper }),
        windows,
      },
      covered: false,
    }
  }
  return { lookup: { kind: 'scan', windows }, covered: false }
}

function distinct(keys: readonly (readonly LiteralJson[])[]): (readonly LiteralJson[])[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()]
}

interface Disjunct {
  /** Full keys, when all key columns are fixed. */
  readonly keys: readonly (readonly LiteralJson[])[] | undefined
  readonly lower: PullBound | undefined
  readonly upper: PullBound | undefined
  readonly windows: PullWindowBounds
  /** Keys and window bounds say all that the disjunct says. */
  readonly covered: boolean
  /** The same, without window bounds. */
  readonly keysOnly: boolean
}

function operandsOf(operator: 'AND' | 'OR', e: TypedExpression): TypedExpression[] {
  return e.kind === 'logical' && e.operator === operator
    ? [...operandsOf(operator, e.left), ...operandsOf(operator, e.right)]
    : [e]
}

function readDisjunct(disjunct: TypedExpression, source: DataSource, fold: FoldConstant): Disjunct {
  const choices: (readonly LiteralJson[] | undefined)[] = source.keyColumns.map(() => undefined)
  const windows: { -readonly [K in keyof PullWindowBounds]: PullWindowBounds[K] } = {}
  let lower: PullBound | undefined
  let upper: PullBound | undefined
  let covered = true
  let keysOnly = true
  const isRangeKey =
    source.keyColumns.length === 1 && ['STRING', 'BYTES'].includes(source.keyColumns[0]!.type.kind)
  for (const written of operandsOf('AND', disjunct)) {
    const conjunct = foldSides(written, fold)
    const key = keyChoice(conjunct)
    if (key !== undefined && choices[key.index] === undefined) {
      choices[key.index] = key.values
      continue
    }
    keysOnly = false
    const bound = windowBound(conjunct)
    if (bound !== undefined && applyBound(windows, bound)) continue
    covered = false
    const range = isRangeKey ? keyRange(conjunct) : undefined
    if (range?.side === 'lower') lower ??= range.bound
    if (range?.side === 'upper') upper ??= range.bound
  }
  const complete = choices.length > 0 && choices.every((choice) => choice !== undefined)
  return {
    keys: complete ? product(choices as readonly (readonly LiteralJson[])[]) : undefined,
    lower,
    upper,
    windows,
    covered: covered && complete,
    keysOnly: keysOnly && complete,
  }
}

function product(choices: readonly (readonly LiteralJson[])[]): (readonly LiteralJson[])[] {
  return choices.reduce<(readonly LiteralJson[])[]>(
    (keys, values) => keys.flatMap((key) => values.map((value) => [...key, value])),
    [[]],
  )
}

/** A comparison with its constant sides computed. */
function foldSides(e: TypedExpression, fold: FoldConstant): TypedExpression {
  if (e.kind === 'comparison') return { ...e, left: fold(e.left), right: fold(e.right) }
  return e.kind === 'in' ? { ...e, list: e.list.map(fold) } : e
}

/** `key = constant` or `key IN (constants)`. */
function keyChoice(
  e: TypedExpression,
): { readonly index: number; readonly values: readonly LiteralJson[] } | undefined {
  if (e.kind === 'comparison' && e.operator === '=') {
    for (const [column, constant] of [
      [e.left, e.right],
      [e.right, e.left],
    ] as const) {
      if (column.kind !== 'column' || column.side !== 'key') continue
      const values = asKeyValues(column.type, [constant])
      return values && { index: column.index, values }
    }
  }
  if (e.kind === 'in' && e.operand.kind === 'column' && e.operand.side === 'key') {
    const values = asKeyValues(e.operand.type, e.list)
    return values && { index: e.operand.index, values }
  }
  return undefined
}

/** The constants in the key's type; one that is not exactly a value of that type matches no key. */
function asKeyValues(
  type: SqlType,
  constants: readonly TypedExpression[],
): LiteralJson[] | undefined {
  const values: LiteralJson[] = []
  for (const constant of constants) {
    const literal = signedLiteral(constant)
    if (literal?.type == null) return undefined
    if (literal.value === null) continue
    if (sqlTypesEqual(literal.type, type)) {
      values.push(literal.value)
      continue
    }
    const cast = castFunction(literal.type, type)
    if (cast === undefined) return undefined
    const value = decodeLiteral(literal.type, literal.value)!
    const converted = cast(value)
    if (converted !== null && comparator(literal.type, type)(value, converted) === 0) {
      values.push(encodeLiteral(type, converted))
    }
  }
  return values
}

function signedLiteral(
  e: TypedExpression,
): { readonly type: SqlType | null; readonly value: LiteralJson } | undefined {
  return e.kind === 'literal' ? e : undefined
}

const flipped = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' } as const
type OrderOperator = keyof typeof flipped

/** A comparison of something with a constant on the right. */
function orderOf(e: TypedExpression):
  | {
      readonly operand: TypedExpression
      readonly operator: OrderOperator
      readonly constant: TypedExpression
    }
  | undefined {
  if (e.kind !== 'comparison' || !(e.operator in flipped)) return undefined
  const operator = e.operator as OrderOperator
  if (e.right.kind === 'literal') return { operand: e.left, operator, constant: e.right }
  if (e.left.kind === 'literal') {
    return { operand: e.right, operator: flipped[operator], constant: e.left }
  }
  return undefined
}

function keyRange(
  e: TypedExpression,
): { readonly side: 'lower' | 'upper'; readonly bound: PullBound } | undefined {
  const order = orderOf(e)
  if (order?.operand.kind !== 'column' || order.operand.side !== 'key') return undefined
  if (order.constant.kind !== 'literal' || order.constant.value === null) return undefined
  const bound = { value: order.constant.value, inclusive: order.operator.endsWith('=') }
  return { side: order.operator.startsWith('>') ? 'lower' : 'upper', bound }
}

interface WindowBound {
  readonly column: 'WINDOWSTART' | 'WINDOWEND'
  readonly operator: OrderOperator
  readonly ms: number
}

function windowBound(e: TypedExpression): WindowBound | undefined {
  const order = orderOf(e)
  if (order?.operand.kind !== 'pseudo' || order.constant.kind !== 'literal') return undefined
  const { column } = order.operand
  if (column !== 'WINDOWSTART' && column !== 'WINDOWEND') return undefined
  const ms = Number(order.constant.value)
  return Number.isFinite(ms) && order.constant.value !== null
    ? { column, operator: order.operator, ms }
    : undefined
}

/** Adds a bound where that side is still open. */
function applyBound(
  windows: { -readonly [K in keyof PullWindowBounds]: PullWindowBounds[K] },
  { column, operator, ms }: WindowBound,
): boolean {
  const side = column === 'WINDOWSTART' ? 'start' : 'end'
  const wantsLower = operator.startsWith('>') || operator === '='
  const wantsUpper = operator.startsWith('<') || operator === '='
  if (wantsLower && windows[`${side}Lower`] !== undefined) return false
  if (wantsUpper && windows[`${side}Upper`] !== undefined) return false
  const bound: PullBound = { value: ms, inclusive: operator.endsWith('=') }
  if (wantsLower) windows[`${side}Lower`] = bound
  if (wantsUpper) windows[`${side}Upper`] = bound
  return true
}
