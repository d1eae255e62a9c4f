import type { Expression, TimeUnit } from '../ast/expression.ts'
import type { DurationNode, JoinNode, Query, SelectItem, SourceNode } from '../ast/query.ts'
import { SqlError } from '../errors.ts'
import { parseExpression, parseValueExpression } from './parse-expression.ts'
import { parseWindow } from './parse-window.ts'
import type { TokenStream } from './token-stream.ts'

/** `SELECT … FROM …` with all its clauses. */
export function parseQuery(tokens: TokenStream): Query {
  const first = tokens.peek().span
  tokens.expectWords('SELECT')
  const select = parseSelectList(tokens)
  tokens.expectWords('FROM')
  const from = parseSource(tokens)
  const joins: JoinNode[] = []
  for (;;) {
    const join = parseJoin(tokens)
    if (join === undefined) break
    joins.push(join)
  }
  if (tokens.isSymbol(',')) {
    tokens.fail('expected JOIN or the next clause', 'Sources are combined with JOIN … ON ….')
  }
  const window = tokens.takeWords('WINDOW') ? parseWindow(tokens) : undefined
  const where = tokens.takeWords('WHERE') ? parseExpression(tokens) : undefined
  const groupBy = tokens.takeWords('GROUP', 'BY') ? parseGrouping(tokens) : undefined
  const partitionStart = tokens.peek()
  const partitionBy = tokens.takeWords('PARTITION', 'BY') ? parseGrouping(tokens) : undefined
  if (partitionBy?.length === 0) {
    throw new SqlError('PARTITION BY requires at least one expression', {
      span: partitionStart.span,
      phase: 'build',
    })
  }
  const having = tokens.takeWords('HAVING') ? parseExpression(tokens) : undefined
  const emit = parseEmit(tokens)
  const limit = tokens.takeWords('LIMIT') ? parseLimit(tokens) : undefined
  return {
    kind: 'query',
    select,
    from,
    joins,
    window,
    where,
    groupBy,
    partitionBy,
    having,
    emit,
    limit,
    span: tokens.spanFrom(first),
  }
}

/** The grammar takes any number, the statement only a whole one. */
function parseLimit(tokens: TokenStream): number {
  const { span } = tokens.peek()
  const negative = tokens.takeSymbol('-')
  const { kind } = tokens.peek()
  if (kind === 'decimal' || kind === 'double') {
    throw new SqlError('Value must be integer for command: LIMIT', {
      phase: 'build',
      span,
      unplaced: true,
    })
  }
  const limit = tokens.wholeNumber('a number of rows')
  return negative ? -limit : limit
}

function parseEmit(tokens: TokenStream): 'CHANGES' | 'FINAL' | undefined {
  if (!tokens.takeWords('EMIT')) return undefined
  if (tokens.takeWords('CHANGES')) return 'CHANGES'
  if (tokens.takeWords('FINAL')) return 'FINAL'
  return tokens.fail('expected CHANGES or FINAL')
}

function parseSelectList(tokens: TokenStream): SelectItem[] {
  const items = [parseSelectItem(tokens)]
  while (tokens.isSymbol(',')) {
    const comma = tokens.next()
    if (tokens.isWord('FROM')) {
      tokens.failAt(
        comma,
        'expected no comma behind the last column of SELECT',
        'Remove the comma before FROM.',
      )
    }
    items.push(parseSelectItem(tokens))
  }
  return items
}

function parseSelectItem(tokens: TokenStream): SelectItem {
  const first = tokens.peek().span
  if (tokens.takeSymbol('*')) return { kind: 'all', qualifier: undefined, span: first }
  if (tokens.isIdentifier() && tokens.isSymbol('.', 1) && tokens.isSymbol('*', 2)) {
    const qualifier = tokens.identifier('a source')
    tokens.next()
    tokens.next()
    return { kind: 'all', qualifier, span: tokens.spanFrom(first) }
  }
  const expression = parseExpression(tokens)
  if (tokens.takeSymbol('->')) {
    tokens.expectSymbol('*')
    return { kind: 'structAll', base: expression, span: tokens.spanFrom(first) }
  }
  const alias = parseAlias(tokens)
  return { kind: 'expression', expression, alias, span: tokens.spanFrom(first) }
}

function parseAlias(tokens: TokenStream): string | undefined {
  if (tokens.takeWords('AS')) return tokens.identifier('an alias')
  return tokens.isIdentifier() ? tokens.next().text : undefined
}

function parseSource(tokens: TokenStream): SourceNode {
  const first = tokens.peek().span
  const name = tokens.identifier('the name of a stream or table')
  // EMIT and PARTITION are names elsewhere; behind a source they open a clause.
  const clause =
    tokens.areWords('EMIT', 'CHANGES') ||
    tokens.areWords('EMIT', 'FINAL') ||
    tokens.areWords('PARTITION', 'BY')
  const alias = clause ? undefined : parseAlias(tokens)
  return { name, alias: alias ?? name, span: tokens.spanFrom(first) }
}

function parseJoin(tokens: TokenStream): JoinNode | undefined {
  const first = tokens.peek().span
  const type = parseJoinType(tokens)
  if (type === undefined) return undefined
  const source = parseSource(tokens)
  let within: JoinNode['within']
  if (tokens.takeWords('WITHIN')) {
    let before: DurationNode
    let after: DurationNode
    if (tokens.takeSymbol('(')) {
      before = parseDuration(tokens)
      tokens.expectSymbol(',')
      after = parseDuration(tokens)
      tokens.expectSymbol(')')
    } else {
      before = parseDuration(tokens)
      after = before
    }
    const grace = tokens.takeWords('GRACE', 'PERIOD') ? parseDuration(tokens) : undefined
    within = { before, after, grace }
  }
  tokens.expectWords('ON')
  const condition = parseExpression(tokens)
  return { type, source, within, condition, span: tokens.spanFrom(first) }
}

function parseJoinType(tokens: TokenStream): JoinNode['type'] | undefined {
  if (tokens.takeWords('JOIN') || tokens.takeWords('INNER', 'JOIN')) return 'INNER'
  for (const type of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (tokens.takeWords(type)) {
      tokens.takeWords('OUTER')
      tokens.expectWords('JOIN')
      return type
    }
  }
  if (tokens.isWord('CROSS')) tokens.fail('CROSS JOIN is not supported')
  return undefined
}

/** `e, …` or `(e, …)`. */
function parseGrouping(tokens: TokenStream): Expression[] {
  const groups = tokens.list((): Expression[] => {
    if (tokens.isSymbol('(') && isParenthesisedList(tokens)) {
      tokens.next()
      const items = tokens.isSymbol(')') ? [] : tokens.list(() => parseValueExpression(tokens))
      tokens.expectSymbol(')')
      return items
    }
    return [parseValueExpression(tokens)]
  })
  return groups.flat()
}

/** Whether the parenthesis at the cursor holds a list rather than opening an expression such as `(a + b) * c`. */
function isParenthesisedList(tokens: TokenStream): boolean {
  let depth = 0
  for (let ahead = 0; ; ahead++) {
    const token = tokens.peek(ahead)
    if (token.kind === 'end' || tokens.isSymbol(';', ahead)) return false
    if (tokens.isSymbol('(', ahead) || tokens.isSymbol('[', ahead)) depth += 1
    if (tokens.isSymbol(')', ahead) || tokens.isSymbol(']', ahead)) depth -= 1
    if (depth === 1 && tokens.isSymbol(',', ahead)) return true
    if (depth === 0) return ahead === 1
  }
}

const units: ReadonlyMap<string, TimeUnit> = new Map([
  ['MILLISECOND', 'MILLISECONDS'],
  ['SECOND', 'SECONDS'],
  ['MINUTE', 'MINUTES'],
  ['HOUR', 'HOURS'],
  ['DAY', 'DAYS'],
])

/** The unit of that name, singular or plural. */
export function timeUnitOf(word: string): TimeUnit | undefined {
  return units.get(word.endsWith('S') ? word.slice(0, -1) : word)
}

/** `10 SECONDS`. */
export function parseDuration(tokens: TokenStream): DurationNode {
  const first = tokens.peek().span
  const value = tokens.wholeNumber('a number of time units')
  const token = tokens.peek()
  const unit = token.kind === 'word' ? timeUnitOf(token.text) : undefined
  if (unit === undefined) {
    return tokens.fail('expected a time unit', 'DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS.')
  }
  tokens.next()
  return { value, unit, span: tokens.spanFrom(first) }
}
