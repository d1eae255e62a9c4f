import type { SqlType, Value } from '@varve/serde'
import type { Clock, Random } from '@varve/base'

/** Group in SHOW FUNCTIONS. */
export type FunctionCategory =
  | 'CONDITIONAL'
  | 'MATHEMATICAL'
  | 'STRING'
  | 'REGULAR EXPRESSION'
  | 'JSON'
  | 'DATE / TIME'
  | 'ARRAY'
  | 'MAP'
  | 'URL'
  | 'LAMBDA'
  | 'CONVERSIONS'
  | 'OTHER'
  | 'AGGREGATE'
  | 'TABLE'

/** A parameter as documented. */
export interface ParameterDoc {
  readonly name: string
  /**
   * Type pattern: SQL types, with single capital letters as type variables: `ARRAY<T>`, `MAP<STRING, V>`, `DECIMAL` for any decimal, `ANY` for anything,
   * `UNIT` for a time unit, `(T) => R` for a lambda. A trailing `...` makes the last parameter variadic.
   */
  readonly type: string
  readonly description?: string
}

/** Ports that impure functions use. */
export interface FunctionEnvironment {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
}

/** One overload of a scalar function. */
export interface ScalarOverload {
  readonly parameters: readonly ParameterDoc[]
  /** Type pattern over the parameters' variables, or a function of the argument types. */
  readonly returns: string | ((argumentTypes: readonly SqlType[]) => SqlType)
  readonly description?: string
  /** `propagate` (default): null as soon as an argument is null, without a call. `call`: the function sees nulls. */
  readonly nulls?: 'propagate' | 'call'
  /** Throws for bad input; the guard around the call reports it and yields null. */
  readonly evaluate?: (...args: never[]) => Value
  /** Instead of `evaluate`, where the types of arguments or the environment matter. */
  readonly bind?: (binding: {
    readonly argumentTypes: readonly SqlType[]
    readonly returnType: SqlType
    readonly environment: FunctionEnvironment
  }) => (...args: never[]) => Value
}

/** A scalar function: documentation, signatures and code. */
export interface ScalarFunction {
  readonly kind: 'scalar'
  /** Upper case. */
  readonly name: string
  /** How messages name the function. Default: the name in lower case. */
  readonly shownAs?: string
  readonly category: FunctionCategory
  readonly description: string
  readonly overloads: readonly ScalarOverload[]
}

/**
 * An aggregate function bound to its types: pure functions over a state that is a {@link Value} of `stateType`.
 * States are never changed in place once returned.
 */
export interface Aggregator {
  readonly stateType: SqlType
  readonly resultType: SqlType
  initialize(): Value
  /** `arguments_` is borrowed. @throws to fail the query (SUM beyond its type). */
  add(arguments_: readonly Value[], state: Value): Value
  /** Takes a row back; absent where the function cannot aggregate tables. */
  undo?(arguments_: readonly Value[], state: Value): Value
  /** Joins the states of two sessions, `a` the older; absent where the function cannot. */
  merge?(a: Value, b: Value): Value
  result(state: Value): Value
}

/** One overload of an aggregate function. */
export interface AggregateOverload {
  /** Column parameters, then constant ones. */
  readonly parameters: readonly ParameterDoc[]
  /** How many of the trailing parameters are constants (literals). Default 0. */
  readonly constantCount?: number
  readonly description?: string
  /** Names of the session properties that the function obeys. Plans keep what was set when they were made. */
  readonly settings?: readonly string[]
  /** @throws RangeError for constants or settings out of range */
  create(
    argumentTypes: readonly SqlType[],
    constants: readonly Value[],
    settings: AggregatorSettings,
  ): Aggregator
}

/** Settings by property name; absent ones have their default. */
export type AggregatorSettings = Readonly<Record<string, string | number | boolean>>

/** An aggregate function: documentation, signatures and code. */
export interface AggregateFunction {
  readonly kind: 'aggregate'
  readonly name: string
  readonly description: string
  readonly overloads: readonly AggregateOverload[]
}

/** A table function: a scalar one whose result is a list of rows. */
export interface TableFunction {
  readonly kind: 'table'
  readonly name: string
  readonly description: string
  /** Results are arrays; the column gets the element type. */
  readonly overloads: readonly ScalarOverload[]
}

/** Any function of the library. */
export type LibraryFunction = ScalarFunction | AggregateFunction | TableFunction
