import type { SqlType } from '@varve/serde'

import type { Expression } from '../ast/expression.ts'
import { canonicalColumn, type Clause, type Scope } from '../analyzer/scope.ts'
import type { AnalysisEnvironment } from '../analyzer/environment.ts'
import type { TypingContext } from '../analyzer/typing/context.ts'
import { typeExpression } from '../analyzer/typing/type-expression.ts'
import type { WindowInfo } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import type { PseudoColumn, TypedExpression } from '../expression/typed-expression.ts'
import { formatExpression } from '../formatter/format-expression.ts'
import type { PlanNode } from './physical-plan.ts'
import type { NamedPlanExpression, PlanExpression } from './schema.ts'

/** A key column of a relation. */
export interface RelationKey {
  readonly name: string
  readonly type: SqlType
  /** Canonical texts of the expressions that equal it: one, or the equated columns of joins in order of preference. */
  readonly canonicals: readonly string[]
  /** Canonical texts of computed expressions that joins equated with it; selecting one does not select the key. */
  readonly equated?: readonly string[]
  /** As messages name it. */
  readonly texts: readonly string[]
  /** Made for a join whose condition is no column. */
  readonly synthetic?: boolean
}

/** Whether rows are keyed by that expression alone. */
export function isKeyedBy(keys: readonly RelationKey[], canonical: string): boolean {
  const [key] = keys
  if (key === undefined || keys.length > 1) return false
  return key.canonicals.includes(canonical) || key.equated?.includes(canonical) === true
}

/** What a part of a plan yields, and where everything that expressions can mention lies in its rows. */
export interface Relation {
  readonly node: PlanNode
  readonly kind: 'STREAM' | 'TABLE'
  readonly keys: readonly RelationKey[]
  /** By canonical text: columns of sources, and whole expressions that were computed. */
  readonly places: ReadonlyMap<string, TypedExpression>
  readonly window?: WindowInfo
  /** After a foreign-key join: the left source and the names of its key columns, which must all be selected. */
  readonly foreignKeyOf?: { readonly alias: string; readonly columns: readonly string[] }
  /** What the key consists of, in the words of messages. Default key columns of the source. */
  readonly keyKind?: 'grouping expression' | 'partitioning expression' | 'join expression'
  /** After an aggregation: columns cannot be used unless grouped by. */
  readonly aggregated: boolean
}

/** What all planning steps share. */
export interface Planning {
  readonly scope: Scope
  readonly environment: AnalysisEnvironment
  readonly slots: { next: number }
  /** See {@link TypingContext}. */
  readonly conditionWord?: 'Predicate' | 'expression'
}

const withExpressions = new WeakMap<Relation['places'], boolean>()

/** Whether anything but columns was computed before. Where nothing was, no text of every part of an expression has to be made to look for it. */
function holdsExpressions({ places }: Relation, scope: Scope): boolean {
  let holds = withExpressions.get(places)
  if (holds === undefined) {
    const columns = new Set(
      scope.sources.flatMap((source) =>
        source.columns.map((c) => canonicalColumn(c.source, c.name)),
      ),
    )
    holds = [...places.keys()].some((canonical) => !columns.has(canonical))
    withExpressions.set(places, holds)
  }
  return holds
}

/** Types an expression on the rows of a relation. @throws SqlError */
export function typeOn(
  relation: Relation,
  expression: Expression,
  clause: Clause,
  planning: Planning,
): TypedExpression {
  const { scope, environment } = planning
  const context: TypingContext = {
    functions: environment.functions,
    clause,
    customType: (name) => environment.catalog.type(name),
    column: (column) => {
      const resolved = scope.resolve(column, clause)
      const place = relation.places.get(canonicalColumn(resolved.source, resolved.name))
      if (place !== undefined) return place
      if (relation.aggregated) {
        throw new SqlError(
          `Non-aggregate ${clause} expression(s) not part of GROUP BY: ${formatExpression(column)}`,
          {
            span: column.span,
            hint: 'Group by it, or put it into an aggregate function such as LATEST_BY_OFFSET.',
          },
        )
      }
      throw new SqlError(`${clause} column '${column.name}' cannot be resolved.`, {
        span: column.span,
      })
    },
    ...(holdsExpressions(relation, scope)
      ? { replace: (e) => relation.places.get(scope.canonical(e)) }
      : {}),
    variables: [],
    isColumn: (name) => scope.hasColumn(name),
    slots: planning.slots,
    ...(scope.isJoin ? { describe: (e) => scope.describeJoined(e) } : {}),
    ...(planning.conditionWord === undefined ? {} : { conditionWord: planning.conditionWord }),
  }
  return typeExpression(expression, context)
}

/** {@link typeOn} with its text, for a plan. */
export function planExpression(
  relation: Relation,
  expression: Expression,
  clause: Clause,
  planning: Planning,
): PlanExpression {
  return {
    text: formatExpression(expression),
    tree: typeOn(relation, expression, clause, planning),
  }
}

/** {@link planExpression} with a name. @throws SqlError for an untyped NULL */
export function namedExpression(
  name: string,
  relation: Relation,
  expression: Expression,
  clause: Clause,
  planning: Planning,
): NamedPlanExpression & { readonly type: SqlType } {
  const { text, tree } = planExpression(relation, expression, clause, planning)
  if (tree.type === null) {
    throw new SqlError(
      `Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).`,
      { span: expression.span },
    )
  }
  return { name, text, tree, type: tree.type }
}

/** Reads a pseudo column of the record at hand. */
export function pseudo(column: PseudoColumn): TypedExpression {
  const kind = column === 'ROWPARTITION' ? 'INTEGER' : 'BIGINT'
  return { kind: 'pseudo', type: { kind }, column }
}
