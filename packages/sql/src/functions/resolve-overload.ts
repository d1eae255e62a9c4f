import { SqlTypes, sqlTypesEqual, type SqlType } from '@varve/serde'

import { SqlError } from '../errors.ts'
import type { ParameterDoc } from './function.ts'
import {
  formatArgumentType,
  formatPattern,
  instantiatePattern,
  parseTypePattern,
  type ParameterPattern,
  type TypeBindings,
  type TypePattern,
} from './type-pattern.ts'

/** What stands at an argument place when an overload is chosen. */
export type ArgumentKind =
  | { readonly kind: 'value'; readonly type: SqlType | null }
  | { readonly kind: 'lambda'; readonly parameterCount: number }
  | { readonly kind: 'unit' }

/** Anything with parameters. */
interface Overload {
  readonly parameters: readonly ParameterDoc[]
}

/** A chosen overload. */
export interface ResolvedOverload<O extends Overload> {
  readonly overload: O
  readonly signature: string
  /** One pattern per argument, variadic ones repeated. */
  readonly patterns: readonly TypePattern[]
  /** Variables bound by the arguments that are values. */
  readonly bindings: TypeBindings
}

/** An overload in its own words: `SUBSTRING(STRING, INTEGER)`. */
export function formatSignature(name: string, overload: Overload): string {
  return `${name}(${overload.parameters.map((p) => p.type).join(', ')})`
}

/**
 * Chooses the overload for these arguments: exact types first, then with implicit conversions. Among several fits those win that are not variadic, have
 * more parameters, fewer generic ones, no catch-all, a later variadic place.
 *
 * @throws SqlError when none or several fit
 */
export function resolveOverload<O extends Overload>(
  name: string,
  overloads: readonly O[],
  args: readonly ArgumentKind[],
  // Most functions are registered in lower case, and are named so in messages.
  shown: string = name.toLowerCase(),
): ResolvedOverload<O> {
  for (const implicit of [false, true]) {
    const fits = overloads.flatMap((overload) => {
      const resolved = fit(name, overload, args, implicit)
      return resolved === undefined ? [] : [resolved]
    })
    if (fits.length === 0) continue
    const ranked = fits
      .map((resolved) => ({ resolved, rank: rankOf(resolved.overload) }))
      .sort((a, b) => compareRanks(a.rank, b.rank))
    if (ranked.length > 1 && compareRanks(ranked[0]!.rank, ranked[1]!.rank) === 0) {
      throw new SqlError(
        `Function '${shown}' cannot be resolved due to ambiguous method parameters ${formatArguments(args)}.`,
        { hint: 'Use CAST to say which types are meant.' },
      )
    }
    return ranked[0]!.resolved
  }
  throw refuseArguments(name, overloads, args, shown)
}

/** The error of a call that no overload takes. */
export function refuseArguments(
  name: string,
  overloads: readonly Overload[],
  args: readonly ArgumentKind[],
  shown: string = name.toLowerCase(),
): SqlError {
  return new SqlError(
    `Function '${shown}' does not accept parameters ${formatArguments(args)}.\nValid alternatives are:\n${overloads
      .map((overload) => formatAlternative(shown, overload))
      .join('\n')}`,
  )
}

function formatArguments(args: readonly ArgumentKind[]): string {
  return `(${args
    .map((arg) =>
      arg.kind === 'value'
        ? formatArgumentType(arg.type)
        : arg.kind === 'unit'
          ? 'INTERVALUNIT'
          : 'LAMBDA',
    )
    .join(', ')})`
}

function formatAlternative(name: string, overload: Overload): string {
  return `${name}(${overload.parameters
    .map((parameter) => {
      const { pattern, variadic } = parseTypePattern(parameter.type)
      return `${formatPattern(pattern)}${variadic ? '...' : ''} ${parameter.name}`
    })
    .join(', ')})`
}

function fit<O extends Overload>(
  name: string,
  overload: O,
  args: readonly ArgumentKind[],
  implicit: boolean,
): ResolvedOverload<O> | undefined {
  const patterns = spread(
    overload.parameters.map((p) => parseTypePattern(p.type)),
    args.length,
  )
  if (patterns === undefined) return undefined
  const bindings: TypeBindings = new Map()
  for (const [i, arg] of args.entries()) {
    if (!argumentFits(patterns[i]!, arg, bindings, implicit)) return undefined
  }
  return { overload, signature: formatSignature(name, overload), patterns, bindings }
}

/** Repeats the variadic parameter as often as needed. */
function spread(parameters: readonly ParameterPattern[], count: number): TypePattern[] | undefined {
  const at = parameters.findIndex((p) => p.variadic)
  if (at === -1) {
    return parameters.length === count ? parameters.map((p) => p.pattern) : undefined
  }
  const repeats = count - (parameters.length - 1)
  if (repeats < 0) return undefined
  return parameters.flatMap((p) =>
    p.variadic ? new Array<TypePattern>(repeats).fill(p.pattern) : [p.pattern],
  )
}

function argumentFits(
  pattern: TypePattern,
  arg: ArgumentKind,
  bindings: TypeBindings,
  implicit: boolean,
): boolean {
  if (arg.kind === 'unit') return pattern.kind === 'unit'
  if (arg.kind === 'lambda') {
    return pattern.kind === 'lambda' && pattern.parameters.length === arg.parameterCount
  }
  if (pattern.kind === 'lambda' || pattern.kind === 'unit') return false
  return arg.type === null || matchPattern(pattern, arg.type, bindings, implicit)
}

/** Whether a type fits a pattern; binds its variables. */
export function matchPattern(
  pattern: TypePattern,
  type: SqlType,
  bindings: TypeBindings,
  implicit: boolean,
): boolean {
  switch (pattern.kind) {
    case 'any':
      return true
    case 'variable': {
      const bound = bindings.get(pattern.name)
      if (bound === undefined) {
        bindings.set(pattern.name, type)
        return true
      }
      if (sqlTypesEqual(bound, type)) return true
      if (!implicit) return false
      if (convertsImplicitly(type, bound)) return true
      if (convertsImplicitly(bound, type)) {
        bindings.set(pattern.name, type)
        return true
      }
      return false
    }
    case 'primitive':
      return (
        type.kind === pattern.type || (implicit && convertsImplicitly(type, SqlTypes[pattern.type]))
      )
    case 'decimal':
      return (
        type.kind === 'DECIMAL' || (implicit && (type.kind === 'INTEGER' || type.kind === 'BIGINT'))
      )
    case 'exactDecimal': {
      const wanted = instantiatePattern(pattern, bindings)
      return sqlTypesEqual(type, wanted) || (implicit && convertsImplicitly(type, wanted))
    }
    case 'array':
      return (
        type.kind === 'ARRAY' && matchPattern(pattern.element, type.element, bindings, implicit)
      )
    case 'map':
      return (
        type.kind === 'MAP' &&
        matchPattern(pattern.key, type.key, bindings, implicit) &&
        matchPattern(pattern.value, type.value, bindings, implicit)
      )
    case 'struct':
      return (
        type.kind === 'STRUCT' &&
        type.fields.length === pattern.fields.length &&
        type.fields.every(
          (field, i) =>
            field.name === pattern.fields[i]!.name &&
            matchPattern(pattern.fields[i]!.type, field.type, bindings, implicit),
        )
      )
    case 'lambda':
    case 'unit':
      return false
  }
}

const numericOrder = ['INTEGER', 'BIGINT', 'DECIMAL', 'DOUBLE']

/** Whether a value converts by itself where another type is expected. */
export function convertsImplicitly(from: SqlType, to: SqlType): boolean {
  if (sqlTypesEqual(from, to)) return true
  const source = numericOrder.indexOf(from.kind)
  const target = numericOrder.indexOf(to.kind)
  if (source !== -1 && target !== -1) {
    if (to.kind !== 'DECIMAL') return source < target
    if (from.kind === 'DECIMAL') {
      return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale
    }
    const digits = from.kind === 'INTEGER' ? 10 : from.kind === 'BIGINT' ? 19 : Infinity
    return to.precision - to.scale >= digits
  }
  if (from.kind === 'STRING') return ['TIME', 'DATE', 'TIMESTAMP', 'BYTES'].includes(to.kind)
  if (from.kind === 'ARRAY' && to.kind === 'ARRAY') {
    return convertsImplicitly(from.element, to.element)
  }
  if (from.kind === 'MAP' && to.kind === 'MAP') {
    return convertsImplicitly(from.key, to.key) && convertsImplicitly(from.value, to.value)
  }
  if (from.kind === 'STRUCT' && to.kind === 'STRUCT') {
    return from.fields.every((field) => {
      const other = to.fields.find((candidate) => candidate.name === field.name)
      return other === undefined || convertsImplicitly(field.type, other.type)
    })
  }
  return false
}

/** Smaller is better, member by member. */
function rankOf(overload: Overload): readonly number[] {
  const patterns = overload.parameters.map((p) => parseTypePattern(p.type))
  const at = patterns.findIndex((p) => p.variadic)
  const generics = patterns.filter((p) => hasVariable(p.pattern)).length
  const catchAll = patterns.some((p) => p.variadic && p.pattern.kind === 'any')
  return [at === -1 ? 0 : 1, -patterns.length, generics, catchAll ? 1 : 0, -at]
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    if (value !== b[i]!) return value - b[i]!
  }
  return 0
}

function hasVariable(pattern: TypePattern): boolean {
  switch (pattern.kind) {
    case 'variable':
      return true
    case 'array':
      return hasVariable(pattern.element)
    case 'map':
      return hasVariable(pattern.key) || hasVariable(pattern.value)
    case 'struct':
      return pattern.fields.some((field) => hasVariable(field.type))
    default:
      return false
  }
}
