import { SqlTypes, type SqlType } from '@varve/serde'

import type { CallExpression, Expression, TimeUnit } from '../../ast/expression.ts'
import { SqlError } from '../../errors.ts'
import type { TypedExpression } from '../../expression/typed-expression.ts'
import type { ScalarFunction, ScalarOverload } from '../../functions/function.ts'
import {
  matchPattern,
  refuseArguments,
  resolveOverload,
  type ArgumentKind,
  type ResolvedOverload,
} from '../../functions/resolve-overload.ts'
import {
  instantiatePattern,
  parseTypePattern,
  type TypeBindings,
  type TypePattern,
} from '../../functions/type-pattern.ts'
import { timeUnitOf } from '../../parser/parse-query.ts'
import type { LambdaVariable, TypingContext } from './context.ts'
import { convertTo } from './convert.ts'
import { typeExpression } from './type-expression.ts'

/** A call of a scalar function: overload chosen, arguments converted, lambdas typed. @throws SqlError */
export function typeCall(call: CallExpression, context: TypingContext): TypedExpression {
  const definition = context.functions.scalar(call.name) ?? context.functions.table(call.name)
  if (definition === undefined) {
    const isAggregate = context.functions.aggregate(call.name) !== undefined
    throw new SqlError(
      isAggregate
        ? `Aggregate function ${call.name} cannot be used here`
        : `Can't find any functions with the name '${call.name}'`,
      {
        span: call.span,
        hint: isAggregate ? undefined : 'SHOW FUNCTIONS lists what there is.',
      },
    )
  }
  return typeOverloadedCall(call, definition, context)
}

function typeOverloadedCall(
  call: CallExpression,
  { overloads, shownAs }: Pick<ScalarFunction, 'overloads' | 'shownAs'>,
  context: TypingContext,
): TypedExpression {
  const takesUnit = (at: number): boolean =>
    overloads.some((o) => o.parameters[at]?.type === 'UNIT')
  const typed = call.arguments.map((argument, i): TypedExpression | undefined => {
    if (argument.kind === 'lambda') return undefined
    const unit = takesUnit(i) ? unitOf(argument) : undefined
    if (unit !== undefined) return { kind: 'unit', type: SqlTypes.STRING, unit }
    return typeExpression(argument, context)
  })
  const kinds = call.arguments.map((argument, i): ArgumentKind => {
    const expression = typed[i]
    if (argument.kind === 'lambda') {
      return { kind: 'lambda', parameterCount: argument.parameters.length }
    }
    return expression?.kind === 'unit'
      ? { kind: 'unit' }
      : { kind: 'value', type: expression!.type }
  })
  let resolved: ResolvedOverload<ScalarOverload>
  try {
    resolved = resolveOverload(call.name, overloads, kinds, shownAs)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    throw new SqlError(error.primary, { span: call.span, hint: error.hint })
  }
  const bindings = new Map(resolved.bindings)
  const refuse = (): never => {
    throw new SqlError(refuseArguments(call.name, overloads, kinds, shownAs).primary, {
      span: call.span,
    })
  }
  const args = call.arguments.map((argument, i): TypedExpression => {
    const pattern = resolved.patterns[i]!
    if (argument.kind === 'lambda') return typeLambda(argument, pattern, bindings, context, refuse)
    return convertArgument(typed[i]!, pattern, bindings)
  })
  const argumentTypes = args.map((arg): SqlType => arg.type ?? SqlTypes.STRING)
  const { returns } = resolved.overload
  const type =
    typeof returns === 'function'
      ? returns(argumentTypes)
      : instantiatePattern(parseTypePattern(returns).pattern, fillBindings(bindings))
  return {
    kind: 'call',
    type,
    name: call.name,
    signature: resolved.signature,
    arguments: args,
  }
}

/** A variable that only untyped NULLs stood for is text. */
function fillBindings(bindings: TypeBindings): TypeBindings {
  for (const name of ['T', 'K', 'V', 'S', 'R']) {
    if (!bindings.has(name)) bindings.set(name, SqlTypes.STRING)
  }
  return bindings
}

/** Time units are names elsewhere: DAY may be a column. */
function unitOf(argument: Expression): TimeUnit | undefined {
  if (argument.kind === 'unit') return argument.unit
  return argument.kind === 'column' && argument.qualifier === undefined
    ? timeUnitOf(argument.name)
    : undefined
}

function convertArgument(
  argument: TypedExpression,
  pattern: TypePattern,
  bindings: TypeBindings,
): TypedExpression {
  if (argument.kind === 'unit' || pattern.kind === 'any' || pattern.kind === 'unit') return argument
  if (pattern.kind === 'decimal') {
    if (argument.type === null || argument.type.kind === 'DECIMAL') return argument
    const precision = argument.type.kind === 'INTEGER' ? 10 : 19
    return convertTo(argument, { kind: 'DECIMAL', precision, scale: 0 })
  }
  if (argument.type === null && mentionsUnbound(pattern, bindings)) return argument
  return convertTo(argument, targetType(pattern, argument, bindings))
}

function targetType(
  pattern: TypePattern,
  argument: TypedExpression,
  bindings: TypeBindings,
): SqlType {
  // Patterns with holes (any DECIMAL inside a collection) take the argument as it is.
  try {
    return instantiatePattern(pattern, bindings)
  } catch (error) {
    if (error instanceof TypeError && argument.type !== null) return argument.type
    throw error
  }
}

function mentionsUnbound(pattern: TypePattern, bindings: TypeBindings): boolean {
  switch (pattern.kind) {
    case 'variable':
      return !bindings.has(pattern.name)
    case 'array':
      return mentionsUnbound(pattern.element, bindings)
    case 'map':
      return mentionsUnbound(pattern.key, bindings) || mentionsUnbound(pattern.value, bindings)
    case 'primitive':
    case 'exactDecimal':
      return false
    default:
      return true
  }
}

function typeLambda(
  lambda: Extract<Expression, { kind: 'lambda' }>,
  pattern: TypePattern,
  bindings: TypeBindings,
  context: TypingContext,
  refuse: () => never,
): TypedExpression {
  if (pattern.kind !== 'lambda') {
    throw new SqlError('a lambda stands where a value is expected', { span: lambda.span })
  }
  // Nothing says what an untyped NULL would hand to the lambda.
  if (pattern.parameters.some((parameter) => mentionsUnbound(parameter, bindings))) refuse()
  const parameters = lambda.parameters.map((name, i): LambdaVariable => {
    if (context.isColumn(name)) {
      throw new SqlError(`Lambda function argument can't be a column name: ${name}`, {
        span: lambda.span,
      })
    }
    if (
      context.variables.some((variable) => variable.name === name) ||
      lambda.parameters.indexOf(name) !== i
    ) {
      throw new SqlError(`Reusing lambda arguments in nested lambda is not allowed: ${name}`, {
        span: lambda.span,
      })
    }
    const type = instantiatePattern(pattern.parameters[i]!, bindings)
    return { name, slot: context.slots.next++, type }
  })
  const body = typeExpression(lambda.body, {
    ...context,
    variables: [...context.variables, ...parameters],
  })
  const type = body.type ?? SqlTypes.STRING
  if (!matchPattern(pattern.result, type, bindings, true)) refuse()
  const result = instantiatePattern(pattern.result, bindings)
  return { kind: 'lambda', type: result, parameters, body: convertTo(body, result) }
}
