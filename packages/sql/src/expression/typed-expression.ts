import type { SqlType } from '@varve/serde'

import type { ArithmeticOperator, ComparisonOperator, TimeUnit } from '../ast/expression.ts'

/** A constant that survives JSON; see {@link LiteralExpression}. */
export type LiteralJson =
  | null
  | boolean
  | number
  | string
  | readonly LiteralJson[]
  | { readonly [key: string]: LiteralJson }

/** Columns that every record has besides its schema. */
export type PseudoColumn = 'ROWTIME' | 'ROWPARTITION' | 'ROWOFFSET' | 'WINDOWSTART' | 'WINDOWEND'

/**
 * A constant.
 *
 * `value` in JSON: BIGINT beyond 2^53 and DECIMAL (with all digits of its scale) are text, BYTES base64 text, a DOUBLE that is not finite its name as
 * text; the rest as it is. `type` is `null` for an untyped NULL.
 */
export interface LiteralExpression {
  readonly kind: 'literal'
  readonly type: SqlType | null
  readonly value: LiteralJson
}

/**
 * A resolved, typed expression: plain data, survives JSON.
 *
 * Implicit conversions are explicit `convert` nodes, so every operator sees exactly its types. `type` is what evaluation yields.
 */
export type TypedExpression =
  | LiteralExpression
  /** Column `index` of the key or value row that the expression is evaluated on. */
  | {
      readonly kind: 'column'
      readonly type: SqlType
      readonly side: 'key' | 'value'
      readonly index: number
      readonly name: string
    }
  | { readonly kind: 'pseudo'; readonly type: SqlType; readonly column: PseudoColumn }
  /** All headers of the record, or the last one of a key. */
  | { readonly kind: 'headers'; readonly type: SqlType; readonly headerKey?: string }
  /** Parameter of an enclosing lambda, by its slot in the expression. */
  | {
      readonly kind: 'variable'
      readonly type: SqlType
      readonly slot: number
      readonly name: string
    }
  | {
      readonly kind: 'arithmetic'
      readonly type: SqlType
      readonly operator: ArithmeticOperator
      readonly left: TypedExpression
      readonly right: TypedExpression
    }
  | { readonly kind: 'negate'; readonly type: SqlType; readonly operand: TypedExpression }
  | {
      readonly kind: 'comparison'
      readonly type: SqlType
      readonly operator: ComparisonOperator
      readonly left: TypedExpression
      readonly right: TypedExpression
    }
  | {
      readonly kind: 'logical'
      readonly type: SqlType
      readonly operator: 'AND' | 'OR'
      readonly left: TypedExpression
      readonly right: TypedExpression
    }
  | { readonly kind: 'not'; readonly type: SqlType; readonly operand: TypedExpression }
  | {
      readonly kind: 'isNull'
      readonly type: SqlType
      readonly negated: boolean
      readonly operand: TypedExpression
    }
  | {
      readonly kind: 'in'
      readonly type: SqlType
      readonly operand: TypedExpression
      readonly list: readonly TypedExpression[]
    }
  | {
      readonly kind: 'like'
      readonly type: SqlType
      readonly operand: TypedExpression
      readonly pattern: TypedExpression
      readonly escape?: string
    }
  /** The searched form only; the simple one is rewritten. */
  | {
      readonly kind: 'case'
      readonly type: SqlType
      readonly branches: readonly {
        readonly when: TypedExpression
        readonly then: TypedExpression
      }[]
      readonly otherwise: TypedExpression | null
    }
  /** CAST as written: a guard (a failure inside gives null). */
  | { readonly kind: 'cast'; readonly type: SqlType; readonly operand: TypedExpression }
  /** Implicit conversion: not a guard. */
  | { readonly kind: 'convert'; readonly type: SqlType; readonly operand: TypedExpression }
  | {
      readonly kind: 'call'
      readonly type: SqlType
      readonly name: string
      /** Which overload, in its own words: `SUBSTRING(STRING, INTEGER)`. */
      readonly signature: string
      readonly arguments: readonly TypedExpression[]
    }
  | {
      readonly kind: 'lambda'
      /** Type of the body. */
      readonly type: SqlType
      readonly parameters: readonly {
        readonly name: string
        readonly slot: number
        readonly type: SqlType
      }[]
      readonly body: TypedExpression
    }
  | { readonly kind: 'unit'; readonly type: SqlType; readonly unit: TimeUnit }
  | {
      readonly kind: 'subscript'
      readonly type: SqlType
      readonly base: TypedExpression
      readonly index: TypedExpression
    }
  /** Field `index` of a struct. */
  | {
      readonly kind: 'field'
      readonly type: SqlType
      readonly base: TypedExpression
      readonly index: number
      readonly name: string
    }
  | {
      readonly kind: 'array'
      readonly type: SqlType
      readonly elements: readonly TypedExpression[]
    }
  | {
      readonly kind: 'map'
      readonly type: SqlType
      readonly entries: readonly {
        readonly key: TypedExpression
        readonly value: TypedExpression
      }[]
    }
  | { readonly kind: 'struct'; readonly type: SqlType; readonly fields: readonly TypedExpression[] }
