import { assert } from '@varve/base'
import type { Row } from '@varve/serde'
import type {
  AggregateNode,
  EvaluationContext,
  Materialization,
  PlanNode,
  QueryPlan,
  SourceTablePlan,
} from '@varve/sql'

import { bindAggregates } from '../lowering/aggregate-calls.ts'
import type { LoweringContext } from '../lowering/lowering-context.ts'
import { leftmostValueFormat, storedForm } from './stored-form.ts'

/** Turns a row of a query's store into a row of the table; `undefined` when a filter behind the store (HAVING) hides it. */
export type StoreRowMapper = (
  key: Row,
  stored: Row,
  evaluation: EvaluationContext,
) => Row | undefined

/** The steps between the node that owns the store and the sink, as one function over stored rows. */
export function createStoreRowMapper(
  plan: QueryPlan | SourceTablePlan,
  materialization: Materialization,
  context: LoweringContext,
): StoreRowMapper {
  const steps: StoreRowMapper[] = []
  let node: PlanNode = plan.root.kind === 'sink' ? plan.root.source : plan.root
  while (node.step !== materialization.step) {
    steps.unshift(mapperOf(node, context))
    assert('source' in node, 'the store lies on the way from the sink')
    node = node.source
  }
  const stored = storedForm(leftmostValueFormat(node), node.schema.valueColumns)
  if (stored !== undefined) steps.unshift((_key, row) => stored(row))
  if (node.kind === 'aggregate') steps.unshift(resultsOf(node, context))
  return (key, stored, evaluation) => {
    let row: Row | undefined = stored
    for (const step of steps) {
      row = step(key, row, evaluation)
      if (row === undefined) return undefined
    }
    return row
  }
}

function resultsOf(node: AggregateNode, context: LoweringContext): StoreRowMapper {
  const calls = bindAggregates(node, context)
  return (_key, states) => calls.results(states)
}

function mapperOf(node: PlanNode, context: LoweringContext): StoreRowMapper {
  switch (node.kind) {
    case 'filter': {
      const matches = context.compilePredicate(node.predicate)
      return (key, value, evaluation) => (matches(key, value, evaluation) ? value : undefined)
    }
    case 'project': {
      return context.compileRow(node.columns)
    }
    case 'suppress':
      return (_key, value) => value
    default:
      assert(false, `step "${node.step}" of kind ${node.kind} cannot stand behind a store`)
  }
}
