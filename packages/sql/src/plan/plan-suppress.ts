import type { Query } from '../ast/query.ts'
import { SqlError } from '../errors.ts'
import type { Relation } from './relation.ts'

/** EMIT FINAL. @throws SqlError where there are no windows to close */
export function planSuppress(relation: Relation, query: Query): Relation {
  const { node } = relation
  if (node.kind !== 'aggregate' || node.window === undefined) {
    throw new SqlError('EMIT FINAL is only supported for windowed aggregations.', {
      span: query.span,
    })
  }
  return {
    ...relation,
    node: {
      kind: 'suppress',
      step: 'Aggregate-Suppress',
      schema: node.schema,
      source: node,
      window: node.window,
    },
  }
}
