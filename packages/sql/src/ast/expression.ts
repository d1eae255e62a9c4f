import type { Span } from './position.ts'
import type { TypeNode } from './type.ts'

/** `+ - * / %`; `||` is parsed as a call of CONCAT. */
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

/** Comparison operators; `!=` is parsed as `<>`. */
export type ComparisonOperator =
  '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM'

/** Units of windows, grace periods and date functions. */
export type TimeUnit =
  'MILLISECONDS' | 'SECONDS' | 'MINUTES' | 'HOURS' | 'DAYS' | 'MONTHS' | 'YEARS'

/** An expression as written. Identifiers are folded already: upper case unless they were quoted. */
export type Expression =
  | { readonly kind: 'null'; readonly span: Span }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly span: Span }
  /** Fits 64 bits; INTEGER when it fits 32, BIGINT otherwise. */
  | { readonly kind: 'integer'; readonly value: bigint; readonly span: Span }
  /** A number with a point: its digits as written. */
  | { readonly kind: 'decimal'; readonly text: string; readonly span: Span }
  /** A number with an exponent. */
  | { readonly kind: 'double'; readonly value: number; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  | ColumnExpression
  | {
      readonly kind: 'arithmetic'
      readonly operator: ArithmeticOperator
      readonly left: Expression
      readonly right: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'sign'
      readonly operator: '+' | '-'
      readonly operand: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'comparison'
      readonly operator: ComparisonOperator
      readonly left: Expression
      readonly right: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'logical'
      readonly operator: 'AND' | 'OR'
      readonly left: Expression
      readonly right: Expression
      readonly span: Span
    }
  | { readonly kind: 'not'; readonly operand: Expression; readonly span: Span }
  | {
      readonly kind: 'isNull'
      readonly operand: Expression
      readonly negated: boolean
      readonly span: Span
    }
  | {
      readonly kind: 'between'
      readonly operand: Expression
      readonly low: Expression
      readonly high: Expression
      readonly negated: boolean
      readonly span: Span
    }
  | {
      readonly kind: 'in'
      readonly operand: Expression
      readonly list: readonly Expression[]
      readonly negated: boolean
      readonly span: Span
    }
  | {
      readonly kind: 'like'
      readonly operand: Expression
      readonly pattern: Expression
      /** One character. */
      readonly escape: string | undefined
      readonly negated: boolean
      readonly span: Span
    }
  | {
      readonly kind: 'case'
      /** `CASE v WHEN x …`; absent in the searched form. */
      readonly operand: Expression | undefined
      readonly branches: readonly CaseBranch[]
      readonly otherwise: Expression | undefined
      readonly span: Span
    }
  | {
      readonly kind: 'cast'
      readonly operand: Expression
      readonly type: TypeNode
      readonly span: Span
    }
  | CallExpression
  | {
      readonly kind: 'lambda'
      readonly parameters: readonly string[]
      readonly body: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'subscript'
      readonly base: Expression
      readonly index: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'dereference'
      readonly base: Expression
      readonly field: string
      readonly span: Span
    }
  | { readonly kind: 'array'; readonly elements: readonly Expression[]; readonly span: Span }
  | { readonly kind: 'map'; readonly entries: readonly MapEntryNode[]; readonly span: Span }
  | { readonly kind: 'struct'; readonly fields: readonly StructFieldNode[]; readonly span: Span }
  /** A unit given to a date function: `TIMESTAMPADD(DAYS, 1, t)`. */
  | { readonly kind: 'unit'; readonly unit: TimeUnit; readonly span: Span }

/** A column by name, perhaps with the source or alias in front. */
export interface ColumnExpression {
  readonly kind: 'column'
  readonly qualifier: string | undefined
  readonly name: string
  readonly span: Span
}

/** A call of a scalar, aggregate or table function. */
export interface CallExpression {
  readonly kind: 'call'
  /** Upper case. */
  readonly name: string
  readonly arguments: readonly Expression[]
  /** `COUNT(*)`. */
  readonly star: boolean
  readonly span: Span
}

/** `WHEN condition THEN result`. */
export interface CaseBranch {
  readonly when: Expression
  readonly then: Expression
}

/** `key := value` of MAP(…). */
export interface MapEntryNode {
  readonly key: Expression
  readonly value: Expression
}

/** `name := value` of STRUCT(…). */
export interface StructFieldNode {
  readonly name: string
  readonly value: Expression
}
