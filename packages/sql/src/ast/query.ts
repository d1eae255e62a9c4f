import type { Expression, TimeUnit } from './expression.ts'
import type { Span } from './position.ts'

/** An item of a SELECT list. */
export type SelectItem =
  | {
      readonly kind: 'expression'
      readonly expression: Expression
      readonly alias: string | undefined
      readonly span: Span
    }
  /** `*` or `source.*`. */
  | { readonly kind: 'all'; readonly qualifier: string | undefined; readonly span: Span }
  /** `struct->*`. */
  | { readonly kind: 'structAll'; readonly base: Expression; readonly span: Span }

/** A source in FROM. */
export interface SourceNode {
  readonly name: string
  /** The alias, or the name itself. */
  readonly alias: string
  readonly span: Span
}

/** A length of time as written. */
export interface DurationNode {
  readonly value: number
  readonly unit: TimeUnit
  readonly span: Span
}

/** One JOIN behind the first source. */
export interface JoinNode {
  readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL'
  readonly source: SourceNode
  readonly within:
    | {
        readonly before: DurationNode
        readonly after: DurationNode
        readonly grace: DurationNode | undefined
      }
    | undefined
  readonly condition: Expression
  readonly span: Span
}

/** A WINDOW clause. */
export interface WindowNode {
  readonly type: 'TUMBLING' | 'HOPPING' | 'SESSION'
  /** Window size; for sessions the inactivity gap. */
  readonly size: DurationNode
  /** HOPPING only. */
  readonly advance: DurationNode | undefined
  readonly retention: DurationNode | undefined
  readonly grace: DurationNode | undefined
  readonly span: Span
}

/** `SELECT … FROM …`. */
export interface Query {
  readonly kind: 'query'
  readonly select: readonly SelectItem[]
  readonly from: SourceNode
  readonly joins: readonly JoinNode[]
  readonly window: WindowNode | undefined
  readonly where: Expression | undefined
  readonly groupBy: readonly Expression[] | undefined
  readonly partitionBy: readonly Expression[] | undefined
  readonly having: Expression | undefined
  /** Absent: a pull query when the query stands alone, EMIT CHANGES inside C*AS and INSERT INTO. */
  readonly emit: 'CHANGES' | 'FINAL' | undefined
  readonly limit: number | undefined
  readonly span: Span
}
