import { systemClock, systemRandom } from '@varve/base'
import { formatSqlType, sqlTypesEqual, type SqlType, type Value } from '@varve/serde'

import type { Expression } from '../ast/expression.ts'
import { SqlError } from '../errors.ts'
import { castFunction } from '../expression/cast/cast.ts'
import { compileThrowing } from '../expression/compile.ts'
import { recordlessContext } from '../expression/recordless-context.ts'
import type { TypedExpression } from '../expression/typed-expression.ts'
import { formatExpression } from '../formatter/format-expression.ts'
import { convertsImplicitly } from '../functions/resolve-overload.ts'
import type { AnalysisEnvironment } from './environment.ts'
import { typeExpression } from './typing/type-expression.ts'

/**
 * The value of an expression of a VALUES list, as the column it is for takes it.
 *
 * @throws SqlError when it refers to columns, cannot be evaluated, or is of another type
 */
export function evaluateValue(
  expression: Expression,
  { name, type }: { readonly name: string; readonly type: SqlType },
  environment: AnalysisEnvironment,
): Value {
  const tree = typeExpression(expression, {
    functions: environment.functions,
    customType: (custom) => environment.catalog.type(custom),
    column: (column) => {
      throw new SqlError(`Illegal column reference in INSERT VALUES: ${column.name}`, {
        span: column.span,
        hint: 'Texts stand in single quotes.',
      })
    },
    variables: [],
    isColumn: () => false,
    slots: { next: 0 },
  })
  if (tree.type === null) return null
  let failure: unknown
  const context = recordlessContext((error) => (failure = error))
  try {
    const value = compileThrowing(tree, {
      functions: environment.functions,
      environment: environment.functionEnvironment ?? { clock: systemClock, random: systemRandom },
    })(null, null, context)
    if (failure !== undefined) throw failure
    return convert(value, tree, type, name, expression)
  } catch (error) {
    if (error instanceof SqlError) throw error
    throw new SqlError(
      `${formatExpression(expression)} cannot be evaluated for column \`${name}\``,
      {
        span: expression.span,
        cause: error,
        detail: error instanceof Error ? error.message : undefined,
      },
    )
  }
}

/** Lenient as literals are: any literal becomes a text, texts become numbers, booleans and times where they read as such. */
function convert(
  value: Value,
  tree: TypedExpression,
  type: SqlType,
  name: string,
  expression: Expression,
): Value {
  const from = tree.type!
  if (value === null || sqlTypesEqual(from, type)) return value
  const isLiteral = tree.kind === 'literal' || tree.kind === 'negate'
  const isLenient =
    convertsImplicitly(from, type) ||
    (isLiteral && (type.kind === 'STRING' || from.kind === 'STRING')) ||
    (from.kind === 'DECIMAL' && type.kind === 'DECIMAL') ||
    (['INTEGER', 'BIGINT'].includes(from.kind) && type.kind === 'DECIMAL') ||
    (isLiteral && fitsNarrower(from, type)) ||
    isNested(from, type)
  const cast = isLenient ? castFunction(from, type) : undefined
  if (cast === undefined) {
    throw new SqlError(
      `Expected type ${formatSqlType(type)} for field \`${name}\` but got ${formatSqlType(from)}(${formatExpression(expression, { message: true })})`,
      { span: expression.span },
    )
  }
  return cast(value)
}

function fitsNarrower(from: SqlType, type: SqlType): boolean {
  return from.kind === 'DECIMAL' && type.kind === 'DOUBLE'
}

function isNested(from: SqlType, type: SqlType): boolean {
  return (
    from.kind === type.kind && ['ARRAY', 'MAP', 'STRUCT'].includes(type.kind) && !loses(from, type)
  )
}

const numbers = ['INTEGER', 'BIGINT', 'DECIMAL', 'DOUBLE']

/** Whether some number inside would have to become one of a narrower type. */
function loses(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'ARRAY' && to.kind === 'ARRAY') return loses(from.element, to.element)
  if (from.kind === 'MAP' && to.kind === 'MAP') {
    return loses(from.key, to.key) || loses(from.value, to.value)
  }
  if (from.kind === 'STRUCT' && to.kind === 'STRUCT') {
    return from.fields.some((field) => {
      const other = to.fields.find((candidate) => candidate.name === field.name)
      return other !== undefined && loses(field.type, other.type)
    })
  }
  return numbers.includes(to.kind) && numbers.indexOf(from.kind) > numbers.indexOf(to.kind)
}
