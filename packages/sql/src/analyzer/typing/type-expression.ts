import {
  formatSqlType,
  int64FromBigInt,
  parseDecimal,
  powerOfTen,
  SqlTypes,
  sqlTypesEqual,
  type SqlType,
} from '@varve/serde'

import type { Expression } from '../../ast/expression.ts'
import { SqlError } from '../../errors.ts'
import { castFunction, castRefusal } from '../../expression/cast/cast.ts'
import { literalOf } from '../../expression/literal.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'
import { formatExpression, formatOperand } from '../../formatter/format-expression.ts'
import { commonType, type ListItem } from './common-type.ts'
import { resolveType, typeOf, type TypingContext } from './context.ts'
import { convertTo } from './convert.ts'
import { typeArithmetic } from './type-arithmetic.ts'
import { typeCall } from './type-call.ts'
import { magicTimestamp, typeComparison } from './type-comparison.ts'

type Kind<K extends Expression['kind']> = Extract<Expression, { kind: K }>

/**
 * Gives an expression its types: names become places in rows, implicit conversions become nodes.
 *
 * @throws SqlError for unknown names and types that do not fit
 */
export function typeExpression(e: Expression, context: TypingContext): TypedExpression {
  const replaced = context.replace?.(e)
  if (replaced !== undefined) return replaced
  const typed = (inner: Expression): TypedExpression => typeExpression(inner, context)
  switch (e.kind) {
    case 'null':
      return { kind: 'literal', type: null, value: null }
    case 'boolean':
      return literalOf(SqlTypes.BOOLEAN, e.value)
    case 'integer': {
      const isInteger = BigInt.asIntN(32, e.value) === e.value
      return literalOf(isInteger ? SqlTypes.INTEGER : SqlTypes.BIGINT, int64FromBigInt(e.value))
    }
    case 'decimal':
      return typeDecimalLiteral(e)
    case 'double':
      return literalOf(SqlTypes.DOUBLE, e.value)
    case 'string':
      return literalOf(SqlTypes.STRING, e.value)
    case 'column': {
      if (e.qualifier === undefined) {
        const variable = context.variables.findLast((candidate) => candidate.name === e.name)
        if (variable !== undefined) return { kind: 'variable', ...variable }
      }
      return context.column(e)
    }
    case 'arithmetic':
      return typeArithmetic(e.operator, typed(e.left), typed(e.right), e.span, () =>
        formatOperand(e),
      )
    case 'sign':
      return typeSign(e, typed(e.operand))
    case 'comparison':
      return typeComparison(
        e.operator,
        typed(e.left),
        typed(e.right),
        e.span,
        textsOf(e.left, e.right, context),
      )
    case 'logical':
      return {
        kind: 'logical',
        type: SqlTypes.BOOLEAN,
        operator: e.operator,
        left: booleanOperand(e.left, context),
        right: booleanOperand(e.right, context),
      }
    case 'not':
      return { kind: 'not', type: SqlTypes.BOOLEAN, operand: booleanOperand(e.operand, context) }
    case 'isNull':
      return {
        kind: 'isNull',
        type: SqlTypes.BOOLEAN,
        negated: e.negated,
        operand: typed(e.operand),
      }
    case 'between':
      return typeBetween(e, context)
    case 'in':
      return typeIn(e, context)
    case 'like':
      return typeLike(e, context)
    case 'case':
      return typeCase(e, context)
    case 'cast':
      return typeCast(e, context)
    case 'call':
      return typeCall(e, context)
    case 'subscript':
      return typeSubscript(e, context)
    case 'dereference':
      return typeDereference(e, context)
    case 'array': {
      const elements = e.elements.map(typed)
      if (elements.length === 0) {
        throw new SqlError(
          'Array constructor cannot be empty. Please supply at least one element (see https://github.com/confluentinc/ksql/issues/4239).',
          {
            span: e.span,
          },
        )
      }
      const element = commonType(pair(elements, e.elements), e.span, {
        empty: 'an array with all NULL elements',
      })
      return {
        kind: 'array',
        type: { kind: 'ARRAY', element },
        elements: elements.map((item) => convertTo(item, element)),
      }
    }
    case 'map':
      return typeMap(e, context)
    case 'struct': {
      const fields = e.fields.map((field) => ({ name: field.name, value: typed(field.value) }))
      const types = fields.map(({ name, value }, i) => ({
        name,
        type: typeOf(value, e.fields[i]!.value.span),
      }))
      return {
        kind: 'struct',
        type: { kind: 'STRUCT', fields: types },
        fields: fields.map((field) => field.value),
      }
    }
    case 'lambda':
      throw new SqlError('a lambda can only be an argument of a function', { span: e.span })
    case 'unit':
      throw new SqlError(`${e.unit} is no expression`, { span: e.span })
  }
}

function textsOf(
  left: Expression,
  right: Expression,
  { describe = formatOperand }: TypingContext,
): { left: string; right: string } {
  return { left: describe(left), right: describe(right) }
}

/** What messages about conditions that cannot be compiled begin with. */
function conditionPrefix({ conditionWord = 'Predicate' }: TypingContext): string {
  return `Invalid ${conditionWord}: `
}

function typeDecimalLiteral(e: Kind<'decimal'>): TypedExpression {
  const value = parseDecimal(e.text)
  if (value === undefined) {
    throw new SqlError(`Invalid numeric literal: ${e.text}`, { span: e.span })
  }
  const digits = e.text.replaceAll(/[-+.]/g, '').replace(/^0+/, '').length
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled
  const isFraction = magnitude < powerOfTen(value.scale)
  const precision = isFraction ? value.scale + 1 : Math.max(digits, 1)
  return literalOf({ kind: 'DECIMAL', precision, scale: value.scale }, value)
}

function typeSign(e: Kind<'sign'>, operand: TypedExpression): TypedExpression {
  const type = typeOf(operand, e.operand.span)
  if (!['INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL'].includes(type.kind)) {
    throw new SqlError(`a sign needs a number, not ${formatSqlType(type)}`, { span: e.span })
  }
  return e.operator === '+' ? operand : { kind: 'negate', type, operand }
}

/** An operand of AND, OR, NOT and WHEN. */
function booleanOperand(
  e: Expression,
  context: TypingContext,
  refusal: (e: Expression, type: SqlType) => string = (e, type) =>
    `a condition must be BOOLEAN, not ${formatSqlType(type)}: ${formatExpression(e)}`,
): TypedExpression {
  const typed = typeExpression(e, context)
  if (typed.type === null) return convertTo(typed, SqlTypes.BOOLEAN)
  if (typed.type.kind !== 'BOOLEAN') throw new SqlError(refusal(e, typed.type), { span: e.span })
  return typed
}

const whenRefusal = (e: Expression, type: SqlType): string =>
  `WHEN operand type should be boolean.\nType for '${formatOperand(e)}' is ${formatSqlType(type)}`

function negate(expression: TypedExpression, negated: boolean): TypedExpression {
  return negated ? { kind: 'not', type: SqlTypes.BOOLEAN, operand: expression } : expression
}

function typeBetween(e: Kind<'between'>, context: TypingContext): TypedExpression {
  const operand = typeExpression(e.operand, context)
  const low = typeExpression(e.low, context)
  const high = typeExpression(e.high, context)
  const bound = (
    operator: '>=' | '<=',
    side: TypedExpression,
    written: Expression,
  ): TypedExpression => {
    try {
      return typeComparison(operator, operand, side, e.span, textsOf(e.operand, written, context))
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      throw new SqlError(conditionPrefix(context) + error.primary, { span: e.span, cause: error })
    }
  }
  const both: TypedExpression = {
    kind: 'logical',
    type: SqlTypes.BOOLEAN,
    operator: 'AND',
    left: bound('>=', low, e.low),
    right: bound('<=', high, e.high),
  }
  return negate(both, e.negated)
}

function typeIn(e: Kind<'in'>, context: TypingContext): TypedExpression {
  const operand = typeExpression(e.operand, context)
  if (operand.type === null) {
    throw new SqlError('Comparison with NULL not supported: NULL IN (…)', { span: e.span })
  }
  const list = e.list.map((item) => magicTimestamp(typeExpression(item, context), operand))
  const type = commonType(pair([operand, ...list], [e.operand, ...e.list]), e.span, {
    empty: 'an IN list with all NULL elements',
    prefix: conditionPrefix(context),
  })
  return negate(
    {
      kind: 'in',
      type: SqlTypes.BOOLEAN,
      operand: convertTo(operand, type),
      list: list.map((item) => convertTo(item, type)),
    },
    e.negated,
  )
}

function typeLike(e: Kind<'like'>, context: TypingContext): TypedExpression {
  const sides = [e.operand, e.pattern].map((side) => {
    const typed = typeExpression(side, context)
    const type = typeOf(typed, side.span)
    if (type.kind !== 'STRING') {
      throw new SqlError(
        `The column type for Like condition must be VARCHAR. The column type is ${formatSqlType(type)}`,
        { span: side.span },
      )
    }
    return typed
  })
  const like: TypedExpression = {
    kind: 'like',
    type: SqlTypes.BOOLEAN,
    operand: sides[0]!,
    pattern: sides[1]!,
    ...(e.escape === undefined ? {} : { escape: e.escape }),
  }
  return negate(like, e.negated)
}

function typeCase(e: Kind<'case'>, context: TypingContext): TypedExpression {
  const branches = e.branches.map((branch) => {
    const when =
      e.operand === undefined
        ? booleanOperand(branch.when, context, whenRefusal)
        : typeComparison(
            '=',
            typeExpression(e.operand, context),
            typeExpression(branch.when, context),
            branch.when.span,
            textsOf(e.operand, branch.when, context),
          )
    return { when, then: typeExpression(branch.then, context), span: branch.then.span }
  })
  const otherwise = e.otherwise === undefined ? null : typeExpression(e.otherwise, context)
  let type: SqlType | null = null
  for (const result of [
    ...branches.map((branch) => branch.then),
    ...(otherwise === null ? [] : [otherwise]),
  ]) {
    if (result.type === null) continue
    type ??= result.type
    if (!sqlTypesEqual(type, result.type)) {
      throw new SqlError(
        `Invalid Case expression. Type for all 'THEN' and 'ELSE' clauses should be the same. Expected ${formatSqlType(type)}, found ${formatSqlType(result.type)}`,
        { span: e.span, hint: 'Use CAST on the branches.' },
      )
    }
  }
  if (type === null) {
    throw new SqlError('Invalid Case expression. All case branches have NULL type', {
      span: e.span,
    })
  }
  const result = type
  return {
    kind: 'case',
    type: result,
    branches: branches.map(({ when, then }) => ({ when, then: convertTo(then, result) })),
    otherwise: otherwise === null ? null : convertTo(otherwise, result),
  }
}

function typeCast(e: Kind<'cast'>, context: TypingContext): TypedExpression {
  const type = resolveType(e.type, context.customType)
  const isEmptyArray = e.operand.kind === 'array' && e.operand.elements.length === 0
  const isEmptyMap = e.operand.kind === 'map' && e.operand.entries.length === 0
  if (isEmptyArray && type.kind === 'ARRAY') return { kind: 'array', type, elements: [] }
  if (isEmptyMap && type.kind === 'MAP') return { kind: 'map', type, entries: [] }
  const operand = typeExpression(e.operand, context)
  if (operand.type === null) return { kind: 'literal', type, value: null }
  if (castFunction(operand.type, type) === undefined) {
    const prefix = context.clause === 'SELECT' ? 'Invalid Select: ' : ''
    throw new SqlError(`${prefix}${castRefusal(operand.type, type)}`, { span: e.span })
  }
  return { kind: 'cast', type, operand }
}

function typeSubscript(e: Kind<'subscript'>, context: TypingContext): TypedExpression {
  const base = typeExpression(e.base, context)
  const baseType = typeOf(base, e.base.span)
  const index = typeExpression(e.index, context)
  const indexType = typeOf(index, e.index.span)
  if (baseType.kind === 'ARRAY') {
    if (indexType.kind !== 'INTEGER' && indexType.kind !== 'BIGINT') {
      throw new SqlError(
        `the index of an array is a whole number, not ${formatSqlType(indexType)}`,
        {
          span: e.index.span,
        },
      )
    }
    return { kind: 'subscript', type: baseType.element, base, index }
  }
  if (baseType.kind === 'MAP') {
    if (!sqlTypesEqual(indexType, baseType.key)) {
      throw new SqlError(
        `the key of this map is ${formatSqlType(baseType.key)}, not ${formatSqlType(indexType)}`,
        { span: e.index.span },
      )
    }
    return { kind: 'subscript', type: baseType.value, base, index }
  }
  throw new SqlError(`Unsupported container type: ${formatSqlType(baseType)}`, {
    span: e.span,
  })
}

function typeDereference(e: Kind<'dereference'>, context: TypingContext): TypedExpression {
  const base = typeExpression(e.base, context)
  const type = typeOf(base, e.base.span)
  if (type.kind !== 'STRUCT') {
    throw new SqlError(
      `Expected STRUCT type, got: ${formatSqlType(type)} for ${formatExpression(e.base)}`,
      { span: e.span },
    )
  }
  const index = type.fields.findIndex((field) => field.name === e.field)
  if (index === -1) {
    throw new SqlError(`Could not find field '${e.field}' in '${formatExpression(e.base)}'.`, {
      span: e.span,
      hint: `Its fields are ${type.fields.map((field) => field.name).join(', ')}.`,
    })
  }
  return { kind: 'field', type: type.fields[index]!.type, base, index, name: e.field }
}

function pair(
  typed: readonly TypedExpression[],
  written: readonly Expression[],
): readonly ListItem[] {
  return typed.map((item, i) => ({ typed: item, written: written[i]! }))
}

function typeMap(e: Kind<'map'>, context: TypingContext): TypedExpression {
  if (e.entries.length === 0) {
    throw new SqlError(
      'Map constructor cannot be empty. Please supply at least one key value pair (see https://github.com/confluentinc/ksql/issues/4239).',
      {
        span: e.span,
      },
    )
  }
  const entries = e.entries.map((entry) => ({
    key: typeExpression(entry.key, context),
    value: typeExpression(entry.value, context),
  }))
  const key = commonType(
    pair(
      entries.map((entry) => entry.key),
      e.entries.map((entry) => entry.key),
    ),
    e.span,
    { empty: 'a map with all NULL keys' },
  )
  const value = commonType(
    pair(
      entries.map((entry) => entry.value),
      e.entries.map((entry) => entry.value),
    ),
    e.span,
    { empty: 'a map with all NULL values' },
  )
  return {
    kind: 'map',
    type: { kind: 'MAP', key, value },
    entries: entries.map((entry) => ({
      key: convertTo(entry.key, key),
      value: convertTo(entry.value, value),
    })),
  }
}
