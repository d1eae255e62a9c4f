import type { Expression } from '../ast/expression.ts'
import type { Query, SelectItem, SourceNode } from '../ast/query.ts'
import type { Statement } from '../ast/statement.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { formatOperand } from '../formatter/format-expression.ts'
import { formatIdentifier } from '../formatter/format-identifier.ts'
import { formatDuration, formatWindow } from '../formatter/format-query.ts'
import { formatWith } from '../formatter/formatter.ts'
import { nameItems } from './column-names.ts'
import { createScope, type Scope } from './scope.ts'

/**
 * A statement that starts a query in the dialect's own layout, with every column's source in front of it, every name given and EMIT CHANGES said: what
 * stands behind `Statement:` in its errors. `undefined` for other statements.
 *
 * @throws SqlError when a source does not exist
 */
export function canonicalText(statement: Statement, catalog: Catalog): string | undefined {
  switch (statement.kind) {
    case 'createAsSelect': {
      const { orReplace, ifNotExists, sourceKind, name, properties, query } = statement
      const replace = orReplace ? 'OR REPLACE ' : ''
      const exists = ifNotExists ? 'IF NOT EXISTS ' : ''
      return `CREATE ${replace}${sourceKind} ${exists}${formatIdentifier(name)}${formatWith(properties)} AS ${queryText(query, catalog)}`
    }
    case 'insertIntoSelect':
      return `INSERT INTO ${formatIdentifier(statement.target)} ${queryText(statement.query, catalog)}`
    default:
      return undefined
  }
}

function queryText(query: Query, catalog: Catalog): string {
  const scope = createScope([query.from, ...query.joins.map((join) => join.source)], catalog)
  const list = (expressions: readonly Expression[]): string =>
    expressions.map((e) => scope.describe(e)).join(', ')
  const lines = [
    `SELECT${selectText(query.select, scope)}`,
    `FROM ${sourceText(query.from)}`,
    ...query.joins.map((join) => {
      const type = join.type === 'INNER' ? 'INNER' : `${join.type} OUTER`
      const within =
        join.within === undefined ? '' : ` WITHIN ${formatDuration(join.within.before)}`
      return `${type} JOIN ${sourceText(join.source)}${within} ON (${operandText(join.condition, scope)})`
    }),
  ]
  if (query.window !== undefined) lines.push(`WINDOW ${formatWindow(query.window)}`)
  if (query.where !== undefined) lines.push(`WHERE ${operandText(query.where, scope)}`)
  if (query.groupBy !== undefined) lines.push(`GROUP BY ${list(query.groupBy)}`)
  if (query.partitionBy !== undefined) lines.push(`PARTITION BY ${list(query.partitionBy)}`)
  if (query.having !== undefined) lines.push(`HAVING ${operandText(query.having, scope)}`)
  lines.push(`EMIT ${query.emit ?? 'CHANGES'}`)
  return lines.join('\n')
}

function operandText(e: Expression, scope: Scope): string {
  return formatOperand(e, { column: (column) => scope.describe(column) })
}

/** One item stands beside SELECT, several stand one a line. */
function selectText(select: readonly SelectItem[], scope: Scope): string {
  const items = select.flatMap((item) =>
    item.kind === 'expression' ? [{ ...item, expanded: false }] : [],
  )
  const names = nameItems(items, scope, false)
  let next = 0
  const texts = select.map((item): string => {
    switch (item.kind) {
      case 'all':
        return item.qualifier === undefined ? '*' : `${formatIdentifier(item.qualifier)}.*`
      case 'structAll':
        return `${operandText(item.base, scope)}->*`
      case 'expression':
        return `${operandText(item.expression, scope)} ${formatIdentifier(names[next++]!)}`
    }
  })
  return texts.length === 1 ? ` ${texts[0]!}` : `\n${texts.map((text) => `  ${text}`).join(',\n')}`
}

function sourceText({ name, alias }: SourceNode): string {
  return `${formatIdentifier(name)} ${formatIdentifier(alias)}`
}
