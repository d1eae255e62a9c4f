import { parseSqlType, type SqlType, type Value } from '@varve/serde'
import type { AggregateFunction, ScalarFunction } from '@varve/sql'

import { valueShaper } from '../result/row-object.ts'
import { coerceValue } from './coerce-value.ts'

/** The JavaScript type that a function gets for an argument of a SQL type, as far as its text tells. */
export type ArgumentOf<T extends string> = T extends
  'INT' | 'INTEGER' | 'DOUBLE' | 'DATE' | 'TIME' | 'TIMESTAMP'
  ? number | null
  : T extends 'BIGINT'
    ? number | bigint | null
    : T extends 'STRING' | 'VARCHAR'
      ? string | null
      : T extends 'BOOLEAN'
        ? boolean | null
        : T extends 'BYTES'
          ? Uint8Array | null
          : unknown

/** Arguments by name. */
export type ArgumentsOf<A extends Readonly<Record<string, string>>> = {
  readonly [N in keyof A]: ArgumentOf<A[N]>
}

/** Signature of a function of one's own. Types are SQL's, as text. */
export interface FunctionSignature<A extends Readonly<Record<string, string>>> {
  /** Arguments in order: name → type. */
  readonly args: A
  readonly returns: string
  readonly description?: string
  /** `propagate` (default): null as soon as an argument is null, without a call. `call`: the function sees nulls. */
  readonly nulls?: 'propagate' | 'call'
}

/** Signature of an aggregate function of one's own. */
export interface AggregateSignature<A extends Readonly<Record<string, string>>> {
  readonly args: A
  /** Type of what is kept per group. */
  readonly state: string
  readonly returns: string
  readonly description?: string
}

/** An aggregate function. States are never changed in place: a new one is returned. */
export interface AggregateSteps<A extends Readonly<Record<string, string>>, S> {
  initialize(): S
  add(state: S, args: ArgumentsOf<A>): S
  /** Takes a row back; without it the function cannot aggregate tables. */
  undo?(state: S, args: ArgumentsOf<A>): S
  /** Joins the states of two sessions, `a` the older; without it the function cannot aggregate sessions. */
  merge?(a: S, b: S): S
  /** Default: the state. */
  result?(state: S): unknown
}

/** A scalar function of the library from a closure. */
export function toScalarFunction<A extends Readonly<Record<string, string>>>(
  name: string,
  signature: FunctionSignature<A>,
  evaluate: (args: ArgumentsOf<A>) => unknown,
): ScalarFunction {
  const returns = parseSqlType(signature.returns)
  const toArguments = argumentShaper(signature.args)
  return {
    kind: 'scalar',
    name: name.toUpperCase(),
    category: 'OTHER',
    description: signature.description ?? '',
    overloads: [
      {
        parameters: parametersOf(signature.args),
        returns: () => returns,
        nulls: signature.nulls ?? 'propagate',
        evaluate: (...values: never[]): Value =>
          coerceValue(evaluate(toArguments(values) as ArgumentsOf<A>), returns, name),
      },
    ],
  }
}

/** An aggregate function of the library from closures. */
export function toAggregateFunction<A extends Readonly<Record<string, string>>, S>(
  name: string,
  signature: AggregateSignature<A>,
  steps: AggregateSteps<A, S>,
): AggregateFunction {
  const stateType = parseSqlType(signature.state)
  const resultType = parseSqlType(signature.returns)
  const toArguments = argumentShaper(signature.args)
  const toState = valueShaper(stateType)
  const shaped = (state: Value): S =>
    (state === null || toState === undefined ? state : toState(state)) as S
  const kept = (state: S): Value => coerceValue(state, stateType, `${name} state`)
  const arguments_ = (values: readonly Value[]): ArgumentsOf<A> =>
    toArguments(values) as ArgumentsOf<A>
  const { undo, merge, result } = steps
  return {
    kind: 'aggregate',
    name: name.toUpperCase(),
    description: signature.description ?? '',
    overloads: [
      {
        parameters: parametersOf(signature.args),
        create: () => ({
          stateType,
          resultType,
          initialize: () => kept(steps.initialize()),
          add: (values, state) => kept(steps.add(shaped(state), arguments_(values))),
          ...(undo === undefined
            ? {}
            : {
                undo: (values: readonly Value[], state: Value) =>
                  kept(undo.call(steps, shaped(state), arguments_(values))),
              }),
          ...(merge === undefined
            ? {}
            : { merge: (a: Value, b: Value) => kept(merge.call(steps, shaped(a), shaped(b))) }),
          result: (state) =>
            coerceValue(
              result === undefined ? shaped(state) : result.call(steps, shaped(state)),
              resultType,
              name,
            ),
        }),
      },
    ],
  }
}

function parametersOf(
  args: Readonly<Record<string, string>>,
): readonly { readonly name: string; readonly type: string }[] {
  return Object.entries(args).map(([name, type]) => ({
    name,
    type: patternText(parseSqlType(type)),
  }))
}

/** Type patterns of the library name structs and decimals loosely; types of arguments are checked when the value arrives. */
function patternText(type: SqlType): string {
  switch (type.kind) {
    case 'STRUCT':
      return 'ANY'
    case 'DECIMAL':
      return 'DECIMAL'
    case 'ARRAY':
      return `ARRAY<${patternText(type.element)}>`
    case 'MAP':
      return `MAP<${patternText(type.key)}, ${patternText(type.value)}>`
    default:
      return type.kind
  }
}

function argumentShaper(
  args: Readonly<Record<string, string>>,
): (values: readonly Value[]) => Record<string, unknown> {
  const names = Object.keys(args)
  const shapers = Object.values(args).map((type) => valueShaper(parseSqlType(type)))
  return (values) =>
    Object.fromEntries(
      names.map((name, i) => {
        const value = values[i] ?? null
        const shape = shapers[i]
        return [name, value === null || shape === undefined ? value : shape(value)]
      }),
    )
}
