import type { FilterNode } from '@varve/sql'

import type { Flow } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'

/** WHERE and HAVING. A null value never passes on a stream; on a table it is a deletion and passes by itself. */
export function lowerFilter(node: FilterNode, context: LoweringContext): Flow {
  const input = context.lower(node.source)
  const matches = context.compilePredicate(node.predicate)
  const evaluation = context.evaluation(node.step, input.windowed)
  if (input.kind === 'stream') {
    const stream = input.stream.filter(
      (key, value, record) =>
        value !== null && matches(evaluation.moveTo(key, record), value, evaluation),
      { name: node.step },
    )
    return { ...input, stream }
  }
  const materialized = context.pullStore(node)
  const table = input.table.filter(
    (key, value, record) => matches(evaluation.moveTo(key, record), value, evaluation),
    { name: node.step, oldValues: true, ...(materialized === undefined ? {} : { materialized }) },
  )
  return { ...input, table }
}
