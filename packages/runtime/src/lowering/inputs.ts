import { assert } from '@varve/base'
import type { PlanNode } from '@varve/sql'

import type { StreamFlow, TableFlow } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'

/** Lowers an input that the planner made a stream. */
export function streamInput(node: PlanNode, context: LoweringContext): StreamFlow {
  const flow = context.lower(node)
  assert(flow.kind === 'stream', `step "${node.step}" must be a stream`)
  return flow
}

/** Lowers an input that the planner made a table. */
export function tableInput(node: PlanNode, context: LoweringContext): TableFlow {
  const flow = context.lower(node)
  assert(flow.kind === 'table', `step "${node.step}" must be a table`)
  return flow
}
