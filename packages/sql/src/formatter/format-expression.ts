import type { ColumnExpression, Expression } from '../ast/expression.ts'
import { formatIdentifier, formatString } from './format-identifier.ts'
import { formatTypeNode } from './format-type.ts'

/** Options of {@link formatExpression}. */
export interface FormatExpressionOptions {
  /** How columns are written. Default: as they were, quoted where needed. */
  readonly column?: (column: ColumnExpression) => string
  /** In the manner of the dialect's messages: `null`, `true` and `false` small, no blanks around `:=`. */
  readonly message?: boolean
}

/**
 * An expression as canonical text: compound operands in parentheses, so that no precedence is needed to read it. Parses to the same tree.
 */
export function formatExpression(
  expression: Expression,
  options: FormatExpressionOptions = {},
): string {
  const column = options.column ?? formatColumn
  const text = (e: Expression): string => format(e)
  /** As an operand: in parentheses when it is compound. */
  const message = options.message === true
  const operand = (e: Expression): string => (isPrimary(e, message) ? text(e) : `(${text(e)})`)
  const word = (text: string): string => (message ? text.toLowerCase() : text)
  const assign = message ? ':=' : ' := '
  const not = (negated: boolean): string => (negated ? 'NOT ' : '')

  function format(e: Expression): string {
    switch (e.kind) {
      case 'null':
        return word('NULL')
      case 'boolean':
        return word(e.value ? 'TRUE' : 'FALSE')
      case 'integer':
        return e.value.toString()
      case 'decimal':
        return e.text
      case 'double':
        return formatDoubleLiteral(e.value)
      case 'string':
        return formatString(e.value)
      case 'column':
        return column(e)
      case 'arithmetic':
      case 'logical':
      case 'comparison':
        return `${operand(e.left)} ${e.operator} ${operand(e.right)}`
      case 'sign':
        return `${e.operator}${isNegativeLiteral(e.operand) || (e.operator === '-' && isNumber(e.operand)) ? `(${text(e.operand)})` : operand(e.operand)}`
      case 'not':
        return `NOT ${operand(e.operand)}`
      case 'isNull':
        return `${operand(e.operand)} IS ${not(e.negated)}NULL`
      case 'between':
        return `${operand(e.operand)} ${not(e.negated)}BETWEEN ${operand(e.low)} AND ${operand(e.high)}`
      case 'in':
        return `${operand(e.operand)} ${not(e.negated)}IN (${e.list.map(text).join(', ')})`
      case 'like':
        return `${operand(e.operand)} ${not(e.negated)}LIKE ${operand(e.pattern)}${
          e.escape === undefined ? '' : ` ESCAPE ${formatString(e.escape)}`
        }`
      case 'case':
        return [
          'CASE',
          ...(e.operand === undefined ? [] : [text(e.operand)]),
          ...e.branches.map((branch) => `WHEN ${text(branch.when)} THEN ${text(branch.then)}`),
          ...(e.otherwise === undefined ? [] : [`ELSE ${text(e.otherwise)}`]),
          'END',
        ].join(' ')
      case 'cast':
        return `CAST(${text(e.operand)} AS ${formatTypeNode(e.type)})`
      case 'call':
        return `${callName(e.name)}(${e.star ? '*' : e.arguments.map(text).join(', ')})`
      case 'lambda': {
        const parameters = e.parameters.map(formatIdentifier)
        const list =
          parameters.length === 1 && !message ? parameters[0]! : `(${parameters.join(', ')})`
        return `${list} => ${message ? operand(e.body) : text(e.body)}`
      }
      case 'subscript':
        return `${operand(e.base)}[${text(e.index)}]`
      case 'dereference':
        return `${operand(e.base)}->${formatIdentifier(e.field)}`
      case 'array':
        return `ARRAY[${e.elements.map(text).join(', ')}]`
      case 'map':
        return `MAP(${e.entries.map((entry) => `${text(entry.key)}${assign}${text(entry.value)}`).join(', ')})`
      case 'struct':
        return `STRUCT(${e.fields
          .map((field) => `${formatIdentifier(field.name)}${assign}${text(field.value)}`)
          .join(', ')})`
      case 'unit':
        return e.unit
    }
  }
  return format(expression)
}

/** An expression for messages: in the dialect's manner, in parentheses when it is compound. */
export function formatOperand(
  expression: Expression,
  options: Omit<FormatExpressionOptions, 'message'> = {},
): string {
  const text = formatExpression(expression, { ...options, message: true })
  return isPrimary(expression, true) ? text : `(${text})`
}

function formatColumn(column: ColumnExpression): string {
  return column.qualifier === undefined
    ? formatIdentifier(column.name)
    : `${formatIdentifier(column.qualifier)}.${formatIdentifier(column.name)}`
}

/** Names of functions may be words that are reserved elsewhere; they stand in front of a parenthesis. */
function callName(name: string): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(name) ? name : formatIdentifier(name)
}

/** Messages put CASE into parentheses, and neither signs nor lambdas. */
function isPrimary(e: Expression, message: boolean): boolean {
  if (message && (e.kind === 'sign' || e.kind === 'lambda' || e.kind === 'case')) {
    return e.kind !== 'case'
  }
  switch (e.kind) {
    case 'arithmetic':
    case 'logical':
    case 'comparison':
    case 'sign':
    case 'not':
    case 'isNull':
    case 'between':
    case 'in':
    case 'like':
    case 'lambda':
      return false
    default:
      return message || !isNegativeLiteral(e)
  }
}

function isNumber(e: Expression): boolean {
  return e.kind === 'integer' || e.kind === 'decimal' || e.kind === 'double'
}

function isNegativeLiteral(e: Expression): boolean {
  if (e.kind === 'integer') return e.value < 0n
  if (e.kind === 'decimal') return e.text.startsWith('-')
  return e.kind === 'double' && (e.value < 0 || Object.is(e.value, -0))
}

/** With an exponent always, so that it is read as DOUBLE again. */
function formatDoubleLiteral(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value)
  return text.includes('e') ? text.replace('e', 'E') : `${text}E0`
}
