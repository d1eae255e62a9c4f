import type { Row, Value } from '@varve/serde'
import type { ProjectNode } from '@varve/sql'
import type { RecordContext } from '@varve/streams'

import type { Flow, PlanKey } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'

/** The SELECT list: value columns; the key goes through as it is. */
export function lowerProject(node: ProjectNode, context: LoweringContext): Flow {
  const input = context.lower(node.source)
  const columns = node.columns.map((column) => context.compile(column))
  const evaluation = context.evaluation(node.step, input.windowed)
  const project = (value: Row, key: PlanKey, record: RecordContext): Row => {
    const keyRow = evaluation.moveTo(key, record)
    const row: Value[] = new Array<Value>(columns.length)
    for (let i = 0; i < columns.length; i++) row[i] = columns[i]!(keyRow, value, evaluation)
    return row
  }
  if (input.kind === 'stream') {
    const stream = input.stream.mapValues<Row | null>(
      (value, key, record) => (value === null ? null : project(value, key, record)),
      { name: node.step },
    )
    return { ...input, stream }
  }
  const materialized = context.pullStore(node)
  const table = input.table.mapValues(project, {
    name: node.step,
    ...(materialized === undefined ? {} : { materialized }),
  })
  return { ...input, table }
}
