import type { SqlType } from '@varve/serde'

import type { ColumnExpression, Expression } from '../../ast/expression.ts'
import type { Span } from '../../ast/position.ts'
import type { TypeNode } from '../../ast/type.ts'
import { SqlError } from '../../errors.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'
import type { FunctionRegistry } from '../../functions/registry.ts'

/** What typing an expression needs to know of its surroundings. */
export interface TypingContext {
  readonly functions: FunctionRegistry
  /** Where the expression stands, for messages. */
  readonly clause?: string
  /** Types made by CREATE TYPE. */
  readonly customType: (name: string) => SqlType | undefined
  /** Where a column lies. @throws SqlError when there is none */
  readonly column: (column: ColumnExpression) => TypedExpression
  /** Replaces whole expressions that were computed before (grouping expressions, aggregates). */
  readonly replace?: (expression: Expression) => TypedExpression | undefined
  /** Parameters of enclosing lambdas, innermost last. */
  readonly variables: readonly LambdaVariable[]
  /** Whether a column of that name exists: lambda parameters may not hide one. */
  readonly isColumn: (name: string) => boolean
  /** How messages write an expression; default as it is written. */
  readonly describe?: (expression: Expression) => string
  /** What messages call a condition that is compiled: `Invalid Predicate: …`, in pull queries `Invalid expression: …`. */
  readonly conditionWord?: 'Predicate' | 'expression'
  /** Hands out slots for lambda parameters. */
  readonly slots: { next: number }
}

/** A parameter of a lambda in scope. */
export interface LambdaVariable {
  readonly name: string
  readonly slot: number
  readonly type: SqlType
}

/** The type of a typed expression. @throws SqlError for an untyped NULL */
export function typeOf(expression: TypedExpression, span: Span): SqlType {
  if (expression.type === null) {
    throw new SqlError('the type of NULL is not known here', {
      span,
      hint: 'Give it one: CAST(NULL AS …).',
    })
  }
  return expression.type
}

/** The type that a written one stands for. @throws SqlError for a name that no CREATE TYPE made */
export function resolveType(
  node: TypeNode,
  customType: (name: string) => SqlType | undefined,
): SqlType {
  switch (node.kind) {
    case 'DECIMAL':
      return { kind: 'DECIMAL', precision: node.precision, scale: node.scale }
    case 'ARRAY':
      return { kind: 'ARRAY', element: resolveType(node.element, customType) }
    case 'MAP':
      return {
        kind: 'MAP',
        key: resolveType(node.key, customType),
        value: resolveType(node.value, customType),
      }
    case 'STRUCT':
      return {
        kind: 'STRUCT',
        fields: node.fields.map((field) => ({
          name: field.name,
          type: resolveType(field.type, customType),
        })),
      }
    case 'CUSTOM': {
      const type = customType(node.name)
      if (type === undefined) {
        throw new SqlError(`Cannot resolve unknown type: ${node.name}`, { span: node.span })
      }
      return type
    }
    default:
      return { kind: node.kind }
  }
}
