import { SqlTypes, type FormatSpec, type SqlType, type Value } from '@varve/serde'

import { nodeMs } from '../analyzer/duration.ts'
import { canCarryValue, internalKeyFormat } from '../analyzer/formats.ts'
import { convertTo } from '../analyzer/typing/convert.ts'
import type { CallExpression, Expression } from '../ast/expression.ts'
import type { WindowNode } from '../ast/query.ts'
import { callsIn, walk } from '../ast/visit.ts'
import type { WindowInfo } from '../catalog/data-source.ts'
import { SqlError } from '../errors.ts'
import { decodeLiteral } from '../expression/literal.ts'
import type { LiteralExpression, TypedExpression } from '../expression/typed-expression.ts'
import { formatExpression, formatOperand } from '../formatter/format-expression.ts'
import { createAggregator } from '../functions/create-aggregator.ts'
import type { AggregateOverload, Aggregator, AggregatorSettings } from '../functions/function.ts'
import type { FunctionRegistry } from '../functions/registry.ts'
import { resolveOverload } from '../functions/resolve-overload.ts'
import { instantiatePattern } from '../functions/type-pattern.ts'
import type {
  AggregateCall,
  AggregateWindow,
  GroupByNode,
  InternalFormats,
} from './physical-plan.ts'
import {
  namedExpression,
  planExpression,
  pseudo,
  type Planning,
  type Relation,
} from './relation.ts'
import type { NamedPlanExpression, PlanExpression } from './schema.ts'

/** What an aggregation is made of. */
export interface AggregationInputs {
  readonly groupBy: readonly Expression[]
  /** Names of the key columns, one per expression. */
  readonly keyNames: readonly string[]
  /** Expressions that may hold aggregate calls: projection and HAVING. */
  readonly uses: readonly Expression[]
  readonly window: WindowNode | undefined
  readonly emitFinal: boolean
  readonly formats: InternalFormats
  readonly defaultKeyFormat: FormatSpec
}

/** The distinct aggregate calls in some expressions. @throws SqlError when one is nested in another */
export function aggregateCallsIn(
  expressions: readonly Expression[],
  functions: FunctionRegistry,
  canonical: (e: Expression) => string,
): CallExpression[] {
  const calls = new Map<string, CallExpression>()
  for (const expression of expressions) {
    walk(expression, (e) => {
      if (e.kind !== 'call' || functions.aggregate(e.name) === undefined) return true
      for (const argument of e.arguments) {
        const nested = callsIn(argument).find(
          (call) => functions.aggregate(call.name) !== undefined,
        )
        if (nested !== undefined) {
          throw new SqlError(`Aggregate functions can not be nested: ${e.name}(${nested.name}())`, {
            span: nested.span,
          })
        }
      }
      const key = canonical(e)
      if (!calls.has(key)) calls.set(key, e)
      return false
    })
  }
  return [...calls.values()]
}

/** Groups and aggregates a relation. @throws SqlError */
export function planAggregate(
  input: Relation,
  inputs: AggregationInputs,
  planning: Planning,
): Relation {
  const { scope, environment } = planning
  const canonical = (e: Expression): string => scope.canonical(e)
  const calls = aggregateCallsIn(inputs.uses, environment.functions, canonical)
  for (const call of inputs.uses.flatMap(callsIn)) {
    const { functions } = environment
    if (!functions.scalar(call.name) && !functions.aggregate(call.name)) {
      throw new SqlError(`Can't find any functions with the name '${call.name}'`, {
        span: call.span,
        hint: 'SHOW FUNCTIONS lists what there is.',
      })
    }
  }
  if (calls.length === 0) {
    throw new SqlError(
      'GROUP BY requires aggregate functions in either the SELECT or HAVING clause.',
      { span: inputs.groupBy[0]?.span },
    )
  }
  const isTable = input.kind === 'TABLE'
  if (isTable && inputs.window !== undefined) {
    throw new SqlError('WINDOW clause is only supported for stream aggregations.', {
      span: inputs.window.span,
    })
  }
  const groupCanonicals = inputs.groupBy.map(canonical)
  const isKeyed =
    !isTable &&
    input.window === undefined &&
    input.keys.length === groupCanonicals.length &&
    input.keys.every((key, i) => key.canonicals.includes(groupCanonicals[i]!))
  const parts = calls.map((call) => splitCall(call, environment.functions))
  const prepared = isKeyed
    ? input
    : prepare(
        input,
        inputs,
        parts.flatMap((p) => p.columns),
        planning,
      )
  const groupBy = planGroupBy(prepared, inputs, isKeyed, planning)
  const aggregateCalls = parts.map((part, i) => planCall(part, i, prepared, planning))
  if (isTable) checkUndo(aggregateCalls, environment.functions)
  const states = aggregateCalls.map(({ name, stateType }) => ({ name, type: stateType }))
  if (states.some((state) => !canCarryValue(inputs.formats.valueFormat.format, [state]))) {
    throw new SqlError(
      'One of the functions used in the statement has an intermediate type that the value format can not handle. Please remove the function or change the format.',
      { span: calls[0]!.span },
    )
  }
  const window = inputs.window && aggregateWindow(inputs.window, inputs.emitFinal)
  const windowInfo = window && infoOf(window)
  const keyColumns = groupBy.schema.keyColumns
  const step = 'Aggregate-Aggregate'
  const places = new Map<string, TypedExpression>()
  for (const [index, { name, type }] of keyColumns.entries()) {
    places.set(groupCanonicals[index]!, { kind: 'column', type, side: 'key', index, name })
  }
  for (const [index, call] of aggregateCalls.entries()) {
    places.set(canonical(calls[index]!), {
      kind: 'column',
      type: call.resultType,
      side: 'value',
      index,
      name: call.name,
    })
  }
  if (window !== undefined) {
    places.set('`WINDOWSTART`', pseudo('WINDOWSTART'))
    places.set('`WINDOWEND`', pseudo('WINDOWEND'))
  }
  return {
    node: {
      kind: 'aggregate',
      step,
      schema: {
        keyColumns,
        valueColumns: aggregateCalls.map(({ name, resultType }) => ({ name, type: resultType })),
        ...(windowInfo === undefined ? {} : { window: windowInfo }),
      },
      source: groupBy,
      table: isTable,
      calls: aggregateCalls,
      ...(window === undefined ? {} : { window }),
      formats: groupBy.formats,
      store: `${step}-Materialize`,
    },
    kind: 'TABLE',
    keys: keyColumns.map(({ name, type }, i) => ({
      name,
      type,
      canonicals: [groupCanonicals[i]!],
      texts: [formatOperand(inputs.groupBy[i]!)],
    })),
    places,
    ...(windowInfo === undefined ? {} : { window: windowInfo }),
    keyKind: 'grouping expression',
    aggregated: true,
  }
}

function infoOf(window: AggregateWindow): WindowInfo {
  switch (window.type) {
    case 'SESSION':
      return { type: 'SESSION' }
    case 'TUMBLING':
      return { type: 'TUMBLING', sizeMs: window.sizeMs }
    case 'HOPPING':
      return { type: 'HOPPING', sizeMs: window.sizeMs, advanceMs: window.advanceMs }
  }
}

/** Before a re-partition only what grouping and aggregates need goes on, computed already. */
function prepare(
  input: Relation,
  inputs: AggregationInputs,
  argumentsOfCalls: readonly Expression[],
  planning: Planning,
): Relation {
  const columns: NamedPlanExpression[] = []
  const places = new Map<string, TypedExpression>()
  const add = (expression: Expression, clause: 'GROUP BY' | 'SELECT'): void => {
    const canonical = planning.scope.canonical(expression)
    if (places.has(canonical)) return
    const name = `KSQL_INTERNAL_COL_${columns.length}`
    const column = namedExpression(name, input, expression, clause, planning)
    places.set(canonical, {
      kind: 'column',
      type: column.type,
      side: 'value',
      index: columns.length,
      name,
    })
    columns.push({ name, text: column.text, tree: column.tree })
  }
  for (const expression of inputs.groupBy) add(expression, 'GROUP BY')
  for (const expression of argumentsOfCalls) add(expression, 'SELECT')
  return {
    ...input,
    places,
    node: {
      kind: 'project',
      step: 'Aggregate-Prepare',
      schema: {
        ...input.node.schema,
        valueColumns: columns.map(({ name, tree }) => ({ name, type: tree.type! })),
      },
      source: input.node,
      table: input.kind === 'TABLE',
      columns,
    },
  }
}

function planGroupBy(
  input: Relation,
  inputs: AggregationInputs,
  isKeyed: boolean,
  planning: Planning,
): GroupByNode {
  const keys = inputs.groupBy.map((expression, i) =>
    namedExpression(inputs.keyNames[i]!, input, expression, 'GROUP BY', planning),
  )
  const keyColumns = keys.map(({ name, type }) => ({ name, type }))
  return {
    kind: 'groupBy',
    step: 'Aggregate-GroupBy',
    schema: { keyColumns, valueColumns: input.node.schema.valueColumns },
    source: input.node,
    table: input.kind === 'TABLE',
    keys: keys.map(({ name, text, tree }) => ({ name, text, tree })),
    formats: {
      keyFormat: internalKeyFormat(inputs.formats.keyFormat, keyColumns, inputs.defaultKeyFormat),
      valueFormat: inputs.formats.valueFormat,
    },
    repartition: !isKeyed,
  }
}

interface SplitCall {
  readonly call: CallExpression
  readonly columns: readonly Expression[]
  readonly constants: readonly Expression[]
}

/** Column arguments and the trailing constants that some overload of this arity declares. */
function splitCall(call: CallExpression, functions: FunctionRegistry): SplitCall {
  const { overloads } = functions.aggregate(call.name)!
  const isLiteral = (e: Expression | undefined): boolean =>
    e !== undefined &&
    ['null', 'boolean', 'integer', 'decimal', 'double', 'string'].includes(e.kind)
  const counts = overloads
    .filter(
      (overload) =>
        overload.parameters.length === call.arguments.length ||
        overload.parameters.some((parameter) => parameter.type.endsWith('...')),
    )
    .map((overload) => overload.constantCount ?? 0)
  const count = Math.max(0, ...counts)
  const at = call.arguments.length - count
  const constants = call.arguments.slice(Math.max(0, at))
  const odd = constants.find((constant) => !isLiteral(constant))
  if (odd !== undefined) {
    throw new SqlError(
      `Parameter ${call.arguments.indexOf(odd) + 1} passed to function ${call.name} must be a literal constant, but was expression: '${formatExpression(odd)}'`,
      { span: odd.span },
    )
  }
  return { call, columns: call.arguments.slice(0, Math.max(0, at)), constants }
}

/** The type of an aggregate function's result. @throws SqlError for a call that no overload takes */
export function aggregateResultType(
  call: CallExpression,
  input: Relation,
  planning: Planning,
): SqlType {
  return planCall(splitCall(call, planning.environment.functions), 0, input, planning).resultType
}

function planCall(
  { call, columns, constants }: SplitCall,
  index: number,
  input: Relation,
  planning: Planning,
): AggregateCall {
  const { functions } = planning.environment
  const args = columns.map((e) => planExpression(input, e, 'SELECT', planning))
  const literals = constants.map(
    (e) => planExpression(input, e, 'SELECT', planning).tree as LiteralExpression,
  )
  const { overload, signature, patterns, bindings } = resolveCall(call, functions, [
    ...args.map((a) => a.tree.type),
    ...literals.map((literal) => literal.type),
  ])
  const converted = args.map((arg, i): PlanExpression => {
    const pattern = patterns[i]!
    if (pattern.kind === 'any' || pattern.kind === 'decimal') return arg
    // A variable that only untyped NULLs stand for is text, as in calls of scalar functions.
    if (pattern.kind === 'variable' && !bindings.has(pattern.name)) {
      bindings.set(pattern.name, SqlTypes.STRING)
    }
    return { text: arg.text, tree: convertTo(arg.tree, instantiatePattern(pattern, bindings)) }
  })
  const argumentTypes = converted.map((arg): SqlType => arg.tree.type ?? SqlTypes.STRING)
  const values = literals.map((literal): Value => decodeLiteral(literal.type, literal.value))
  const settings = settingsOf(overload, planning)
  const aggregator = createChecked(call, () => overload.create(argumentTypes, values, settings))
  return {
    name: `KSQL_AGG_VARIABLE_${index}`,
    function: call.name,
    signature,
    arguments: converted,
    argumentTypes,
    constants: literals.map(({ type, value }) => ({ type, value })),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    stateType: aggregator.stateType,
    resultType: aggregator.resultType,
  }
}

function resolveCall(
  call: CallExpression,
  functions: FunctionRegistry,
  types: readonly (SqlType | null)[],
): ReturnType<typeof resolveOverload<AggregateOverload>> {
  try {
    return resolveOverload(
      call.name,
      functions.aggregate(call.name)!.overloads,
      types.map((type) => ({ kind: 'value', type })),
    )
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    throw new SqlError(error.primary, { span: call.span, hint: error.hint })
  }
}

/** What the session sets of the properties that a function obeys. */
function settingsOf(overload: AggregateOverload, planning: Planning): AggregatorSettings {
  const properties = planning.environment.properties ?? {}
  return Object.fromEntries(
    (overload.settings ?? []).flatMap((name) => {
      const value = properties[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function createChecked(call: CallExpression, create: () => Aggregator): Aggregator {
  try {
    return create()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new SqlError(`${call.name}: ${error.message}`, { span: call.span, cause: error })
  }
}

function checkUndo(calls: readonly AggregateCall[], functions: FunctionRegistry): void {
  const offenders = calls.filter((call) => createAggregator(call, functions).undo === undefined)
  if (offenders.length > 0) {
    const names = [...new Set(offenders.map((call) => call.function))]
    throw new SqlError(
      `The aggregation function${names.length === 1 ? '' : 's'} ${names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`} cannot be applied to a table source, only to a stream source.`,
    )
  }
}

const dayMs = 86_400_000

function aggregateWindow(window: WindowNode, emitFinal: boolean): AggregateWindow {
  const sizeMs = nodeMs(window.size)
  const advanceMs =
    window.type === 'SESSION' ? 0 : window.advance === undefined ? sizeMs : nodeMs(window.advance)
  if (sizeMs <= 0 || (window.type === 'HOPPING' && (advanceMs <= 0 || advanceMs > sizeMs))) {
    throw new SqlError(
      'the size of a window must be positive, its advance positive and not above the size',
      {
        span: window.span,
      },
    )
  }
  const graceMs =
    window.grace === undefined
      ? emitFinal
        ? 0
        : Math.max(dayMs - sizeMs, 0)
      : nodeMs(window.grace)
  return sized(window, sizeMs, advanceMs, graceMs)
}

function sized(
  window: WindowNode,
  sizeMs: number,
  advanceMs: number,
  graceMs: number,
): AggregateWindow {
  const least = sizeMs + graceMs
  const retentionMs = window.retention === undefined ? least : nodeMs(window.retention)
  if (retentionMs < least) {
    throw new SqlError(
      `The retention period '${retentionMs}' must be greater than or equal to the window size plus grace period '${least}'`,
      { span: window.retention!.span },
    )
  }
  return { type: window.type, sizeMs, advanceMs, graceMs, retentionMs }
}
