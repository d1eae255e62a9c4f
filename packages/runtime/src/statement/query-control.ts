import type { Statement } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import type { PlannedStatement } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'

type QueryControl = Extract<Statement, { readonly kind: 'terminate' | 'pause' | 'resume' }>

const done: Readonly<Record<QueryControl['kind'], string>> = {
  terminate: 'Query terminated.',
  pause: 'Query paused.',
  resume: 'Query resumed.',
}

/** TERMINATE, PAUSE and RESUME of one query or of all. */
export function planQueryControl(
  statement: QueryControl,
  { metastore }: StatementContext,
  isPushQuery: (id: string) => boolean,
): PlannedStatement {
  const { kind, queryId } = statement
  if (queryId === undefined) {
    const queryIds = [...metastore.queries().keys()]
    const commandId = `${kind}/ALL/execute`
    if (queryIds.length === 0) return { kind: 'nothing', commandId, message: done[kind] }
    return {
      kind: 'command',
      commandId,
      operation: { kind, queryIds },
      message: done[kind],
      queryId: null,
    }
  }
  const id = metastore.query(queryId) === undefined ? queryId.toUpperCase() : queryId
  if (metastore.query(id) === undefined) {
    if (kind === 'terminate' && isPushQuery(queryId)) return { kind: 'closePushQuery', queryId }
    throw new EngineError('statement', `Unknown queryId: ${queryId}`)
  }
  return {
    kind: 'command',
    commandId: `${kind}/${id}/execute`,
    operation: { kind, queryIds: [id] },
    message: done[kind],
    queryId: id,
  }
}
