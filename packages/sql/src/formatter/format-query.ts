import type { Expression } from '../ast/expression.ts'
import type {
  DurationNode,
  JoinNode,
  Query,
  SelectItem,
  SourceNode,
  WindowNode,
} from '../ast/query.ts'
import { formatExpression } from './format-expression.ts'
import { formatIdentifier } from './format-identifier.ts'

/** A query as canonical text, one clause a line. */
export function formatQuery(query: Query): string {
  const lines = [
    `SELECT ${query.select.map(formatSelectItem).join(', ')}`,
    `FROM ${formatSource(query.from)}`,
    ...query.joins.map(formatJoin),
  ]
  if (query.window !== undefined) lines.push(`WINDOW ${formatWindow(query.window)}`)
  if (query.where !== undefined) lines.push(`WHERE ${formatExpression(query.where)}`)
  if (query.groupBy !== undefined) lines.push(`GROUP BY ${formatList(query.groupBy)}`)
  if (query.partitionBy !== undefined) lines.push(`PARTITION BY ${formatList(query.partitionBy)}`)
  if (query.having !== undefined) lines.push(`HAVING ${formatExpression(query.having)}`)
  if (query.emit !== undefined) lines.push(`EMIT ${query.emit}`)
  if (query.limit !== undefined) lines.push(`LIMIT ${query.limit}`)
  return lines.join('\n')
}

/** `e, …`; a list that is empty, or could be read as one expression in parentheses, keeps them. */
function formatList(expressions: readonly Expression[]): string {
  const items = expressions.map((e) => formatExpression(e))
  return items.length === 1 ? items[0]! : `(${items.join(', ')})`
}

function formatSelectItem(item: SelectItem): string {
  switch (item.kind) {
    case 'all':
      return item.qualifier === undefined ? '*' : `${formatIdentifier(item.qualifier)}.*`
    case 'structAll': {
      const base = formatExpression(item.base)
      return item.base.kind === 'column' || item.base.kind === 'dereference'
        ? `${base}->*`
        : `(${base})->*`
    }
    case 'expression': {
      const text = formatExpression(item.expression)
      return item.alias === undefined ? text : `${text} AS ${formatIdentifier(item.alias)}`
    }
  }
}

function formatSource(source: SourceNode): string {
  const name = formatIdentifier(source.name)
  return source.alias === source.name ? name : `${name} AS ${formatIdentifier(source.alias)}`
}

function formatJoin(join: JoinNode): string {
  let text = `${join.type} JOIN ${formatSource(join.source)}`
  if (join.within !== undefined) {
    const { before, after, grace } = join.within
    text +=
      before === after
        ? ` WITHIN ${formatDuration(before)}`
        : ` WITHIN (${formatDuration(before)}, ${formatDuration(after)})`
    if (grace !== undefined) text += ` GRACE PERIOD ${formatDuration(grace)}`
  }
  return `${text} ON ${formatExpression(join.condition)}`
}

/** `TUMBLING (SIZE 10 SECONDS)`. */
export function formatWindow(window: WindowNode): string {
  const parts = [
    window.type === 'SESSION' ? formatDuration(window.size) : `SIZE ${formatDuration(window.size)}`,
  ]
  if (window.advance !== undefined) parts.push(`ADVANCE BY ${formatDuration(window.advance)}`)
  if (window.retention !== undefined) parts.push(`RETENTION ${formatDuration(window.retention)}`)
  if (window.grace !== undefined) parts.push(`GRACE PERIOD ${formatDuration(window.grace)}`)
  return `${window.type} (${parts.join(', ')})`
}

/** `10 SECONDS`. */
export function formatDuration(duration: DurationNode): string {
  return `${duration.value} ${duration.unit}`
}
