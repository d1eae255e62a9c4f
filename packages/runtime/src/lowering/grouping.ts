import type { Row, Value } from '@varve/serde'
import type { GroupByNode } from '@varve/sql'
import type { RecordContext } from '@varve/streams'

import type { PlanKey } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'

/** The group of a row; `null` when a grouping expression is null or failed: then the row takes part in nothing, and that is reported. */
export function groupSelector(
  node: GroupByNode,
  windowed: boolean,
  context: LoweringContext,
): (key: PlanKey, value: Row, record: RecordContext) => Row | null {
  const keys = node.keys.map((key) => context.compile(key))
  const evaluation = context.evaluation(node.step, windowed)
  return (key, value, record) => {
    const keyRow = evaluation.moveTo(key, record)
    const group: Value[] = new Array<Value>(keys.length)
    for (let i = 0; i < keys.length; i++) {
      const part = keys[i]!(keyRow, value, evaluation)
      if (part === null) {
        context.reportDropped(
          node.step,
          `Group-by column with index ${i} resolved to null. The source row will be excluded from the table.`,
          evaluation,
        )
        return null
      }
      group[i] = part
    }
    return group
  }
}
