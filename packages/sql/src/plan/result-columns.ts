import type { ProjectionItem } from '../analyzer/select-items.ts'
import type { OutputColumn } from './physical-plan.ts'
import { namedExpression, type Planning, type Relation } from './relation.ts'

/** The columns of a result row of a push or pull query. @throws SqlError for an untyped NULL */
export function resultColumns(
  items: readonly ProjectionItem[],
  names: readonly string[],
  relation: Relation,
  planning: Planning,
): OutputColumn[] {
  const keys = new Set(relation.keys.flatMap((key) => key.canonicals))
  return items.map((item, i) => {
    const column = namedExpression(names[i]!, relation, item.expression, 'SELECT', planning)
    const { tree } = column
    const isBound =
      tree.kind === 'pseudo' && (tree.column === 'WINDOWSTART' || tree.column === 'WINDOWEND')
    return { ...column, key: isBound || keys.has(planning.scope.canonical(item.expression)) }
  })
}
