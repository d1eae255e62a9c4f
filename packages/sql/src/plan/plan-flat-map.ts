import type { CallExpression, Expression } from '../ast/expression.ts'
import { callsIn, walk } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import type { TypedExpression } from '../expression/typed-expression.ts'
import type { FunctionRegistry } from '../functions/registry.ts'
import { namedExpression, type Planning, type Relation } from './relation.ts'
import type { NamedPlanExpression } from './schema.ts'

/** The calls of table functions in a SELECT list. @throws SqlError when one stands inside of another, or in a CASE */
export function tableCallsIn(
  expressions: readonly Expression[],
  functions: FunctionRegistry,
): CallExpression[] {
  const isTable = (e: Expression): e is CallExpression =>
    e.kind === 'call' && functions.table(e.name) !== undefined
  const calls: CallExpression[] = []
  for (const expression of expressions) {
    walk(expression, (e) => {
      if (e.kind === 'case') {
        const inside = callsIn(e).find(isTable)
        if (inside !== undefined) {
          throw new SqlError('Table functions cannot be used in CASE expressions.', {
            span: inside.span,
          })
        }
      }
      if (!isTable(e)) return true
      const nested = e.arguments.flatMap(callsIn).find(isTable)
      if (nested !== undefined) {
        throw new SqlError(`Table functions cannot be nested: ${e.name}(${nested.name}())`, {
          span: nested.span,
        })
      }
      calls.push(e)
      return false
    })
  }
  return calls
}

/** Refuses table functions where rows cannot multiply. @throws SqlError */
export function refuseTableFunctions(
  expressions: readonly Expression[],
  clause: string,
  functions: FunctionRegistry,
): void {
  const call = expressions.flatMap(callsIn).find((c) => functions.table(c.name) !== undefined)
  if (call === undefined) return
  throw new SqlError(`Table functions cannot be used in ${clause}.`, {
    span: call.span,
    hint: `Put ${call.name} into the SELECT list.`,
  })
}

/** Multiplies the rows of a stream by the results of table functions, which expressions above then find as columns. @throws SqlError */
export function planFlatMap(
  input: Relation,
  calls: readonly CallExpression[],
  planning: Planning,
): Relation {
  const { valueColumns } = input.node.schema
  const places = new Map<string, TypedExpression>(input.places)
  const functions: NamedPlanExpression[] = []
  const added = [...valueColumns]
  for (const call of calls) {
    const canonical = planning.scope.canonical(call)
    if (places.has(canonical)) continue
    const name = `KSQL_SYNTH_${functions.length}`
    const column = namedExpression(name, input, call, 'SELECT', planning)
    if (column.type.kind !== 'ARRAY') {
      throw new SqlError(`the table function ${call.name} gives no list`, { span: call.span })
    }
    const type = column.type.element
    places.set(canonical, { kind: 'column', type, side: 'value', index: added.length, name })
    functions.push({ name, text: column.text, tree: column.tree })
    added.push({ name, type })
  }
  return {
    ...input,
    places,
    node: {
      kind: 'flatMap',
      step: 'FlatMap',
      schema: { ...input.node.schema, valueColumns: added },
      source: input.node,
      functions,
    },
  }
}
