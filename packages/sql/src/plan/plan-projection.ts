import { formatSqlType, type Columns } from '@varve/serde'

import { canonicalColumn } from '../analyzer/scope.ts'
import type { Span } from '../ast/position.ts'
import { SqlError } from '../errors.ts'
import type { PlanNode } from './physical-plan.ts'
import type { PlannedQuery } from './plan-query.ts'
import { namedExpression, type RelationKey } from './relation.ts'

/** The projection of a persistent query as the last node before the sink. */
export interface PlannedProjection {
  readonly node: PlanNode
  readonly keyColumns: Columns
  readonly valueColumns: Columns
}

/**
 * Splits the items of a persistent query's projection into key and value columns: every key column must be selected, once; for joins one of the equated
 * columns is enough.
 *
 * @param sink - Name of the target, for messages.
 * @throws SqlError
 */
export function planProjection(query: PlannedQuery, sink: string): PlannedProjection {
  const { relation, items, names, planning } = query
  const canonicals = items.map((item) => planning.scope.canonical(item.expression))
  const keyItems = relation.keys.map((key) => {
    for (const candidate of key.canonicals) {
      const at = canonicals.flatMap((canonical, i) => (canonical === candidate ? [i] : []))
      if (at.length === 0) continue
      if (at.length > 1) {
        const aliases = at.map((i) => names[i]!).sort()
        const advice =
          'Each key column must only be in the projection once. If you intended to copy the key into the value, then consider using the AS_VALUE function to indicate which key reference should be copied.'
        throw new SqlError(
          relation.keyKind === 'grouping expression'
            ? `The projection contains a key column more than once: ${enumerate(
                aliases.map((alias) => `\`${alias}\``),
                'and',
              )}.\n${advice}`
            : `The projection contains a key column (\`${keyLabel(key, query)}\`) more than once, aliased as: ${enumerate(aliases, 'and')}.\n${advice}`,
          { span: items[at[1]!]!.span },
        )
      }
      return at[0]!
    }
    return undefined
  })
  const isKey = new Set(keyItems)
  const values = items.flatMap((item, i) =>
    isKey.has(i) ? [] : [namedExpression(names[i]!, relation, item.expression, 'SELECT', planning)],
  )
  const missing = keyItems.indexOf(undefined)
  if (missing !== -1) throw missingKeys(query, missing, sink)
  if (values.length === 0) {
    throw new SqlError('The projection contains no value columns.', { span: items[0]?.span })
  }
  const keyColumns = relation.keys.map((key, i) => ({ name: names[keyItems[i]!]!, type: key.type }))
  const valueColumns = values.map(({ name, type }) => ({ name, type }))
  refuseDuplicates([...keyColumns, ...valueColumns], items[0]?.span)
  const node: PlanNode = {
    kind: 'project',
    step: relation.aggregated ? 'Aggregate-Project' : 'Project',
    schema: {
      keyColumns,
      valueColumns,
      ...(relation.window === undefined ? {} : { window: relation.window }),
    },
    source: relation.node,
    table: relation.kind === 'TABLE',
    columns: values.map(({ name, text, tree }) => ({ name, text, tree })),
  }
  return { node, keyColumns, valueColumns }
}

/** On joined rows columns are named `ALIAS_COLUMN`. */
function keyLabel(key: RelationKey, { planning }: PlannedQuery): string {
  const { scope } = planning
  if (!scope.isJoin) return key.name
  const column = scope.sources
    .flatMap((source) => source.columns)
    .find(({ source, name }) => canonicalColumn(source, name) === key.canonicals[0])
  return column === undefined ? key.name : `${scope.sources[column.source]!.alias}_${column.name}`
}

/** @throws SqlError for a column whose name another one has */
export function refuseDuplicates(columns: Columns, span?: Span): void {
  const seen = new Set<string>()
  for (const { name, type } of columns) {
    if (seen.has(name)) {
      throw new SqlError(
        `Duplicate value columns found in schema: \`${name}\` ${formatSqlType(type)}`,
        { span, hint: 'Give one of them an alias.' },
      )
    }
    seen.add(name)
  }
}

function missingKeys(query: PlannedQuery, first: number, sink: string): SqlError {
  const { relation, keyChoice } = query
  if (relation.foreignKeyOf !== undefined) {
    return new SqlError(
      `Primary key column missing in projection. For foreign-key table-table joins, the projection must include all primary key columns from the left input table (\`${relation.foreignKeyOf.alias}\`). Missing column: \`${relation.foreignKeyOf.columns[first]!}\`.`,
      { span: query.items[0]?.span },
    )
  }
  const all = relation.keys.flatMap((key) => (keyChoice ? key.texts : key.texts.slice(0, 1)))
  const kind = relation.keyKind ?? 'key column'
  const example = keyChoice ? all.slice(0, 1) : all
  const isSynthetic = relation.keys.some((key) => key.synthetic)
  return new SqlError(
    [
      `Key${all.length > 1 && !keyChoice ? 's' : ''} missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.`,
      `The query used to build \`${sink}\` must include the ${kind}${all.length > 1 ? 's' : ''} ${enumerate(all, keyChoice ? 'or' : 'and')} in its projection (eg, SELECT ${example.join(', ')}...).`,
      ...(isSynthetic
        ? [
            `${all[0]!} was added as a synthetic key column because the join criteria did not match any source column. This expression must be included in the projection and may be aliased.`,
          ]
        : []),
    ].join('\n'),
    { span: query.items[0]?.span },
  )
}

/** `a, b and c`. */
function enumerate(texts: readonly string[], word: 'and' | 'or'): string {
  return texts.length < 2
    ? texts.join('')
    : `${texts.slice(0, -1).join(', ')} ${word} ${texts.at(-1)!}`
}
