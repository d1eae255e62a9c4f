import type { Row } from '@varve/serde'
import type { ProjectNode } from '@varve/sql'
import type { Materialized, RecordContext } from '@varve/streams'

import type { Flow, PlanKey } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'

/** The SELECT list: value columns; the key goes through as it is. */
export function lowerProject(node: ProjectNode, context: LoweringContext): Flow {
  const input = context.lower(node.source)
  const columns = context.compileRow(node.columns)
  const evaluation = context.evaluation(node.step, input.windowed)
  const project = (value: Row, key: PlanKey, record: RecordContext): Row =>
    columns(evaluation.moveTo(key, record), value, evaluation)
  if (input.kind === 'stream') {
    const stream = input.stream.mapValues<Row | null>(
      (value, key, record) => (value === null ? null : project(value, key, record)),
      { name: node.step },
    )
    return { ...input, stream }
  }
  const materialized = context.pullStore(node) ?? ownStore(node, context)
  const table = input.table.mapValues(project, {
    name: node.step,
    ...(materialized === undefined ? {} : { materialized }),
  })
  return { ...input, table }
}

/**
 * Time and place of a table's row are those of the record that set it, not of the one that a join looks it up for: where a projection asks for them its
 * rows are kept as they were computed.
 */
function ownStore(
  node: ProjectNode,
  context: LoweringContext,
): Materialized<PlanKey, Row> | undefined {
  const asks = node.columns.some(({ tree }) => readsRecord(tree))
  if (!asks) return undefined
  return {
    store: `${node.step}-Materialize`,
    keySerde: context.storeKeySerde(node.schema),
    valueSerde: context.storeValueSerde(),
  }
}

function readsRecord(tree: unknown): boolean {
  if (Array.isArray(tree)) return tree.some(readsRecord)
  if (typeof tree !== 'object' || tree === null) return false
  const node = tree as Readonly<Record<string, unknown>>
  const { kind, column } = node
  if (kind === 'pseudo' && column !== 'WINDOWSTART' && column !== 'WINDOWEND') return true
  return Object.values(node).some(readsRecord)
}
