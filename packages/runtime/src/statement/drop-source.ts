import { likeNamed, type Statement } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import type { PlannedStatement } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'

type DropSource = Extract<Statement, { readonly kind: 'dropSource' }>

/** DROP STREAM and DROP TABLE: ends the query that made the source, is refused while other queries read or write it. */
export function planDropSource(
  statement: DropSource,
  { metastore }: StatementContext,
): PlannedStatement {
  const { name } = statement
  const commandId = `${statement.sourceKind.toLowerCase()}/${name}/drop`
  const source = metastore.source(name)
  if (source === undefined) {
    if (statement.ifExists) {
      return { kind: 'nothing', commandId, message: `Source ${name} does not exist.` }
    }
    const kind = statement.sourceKind === 'STREAM' ? 'Stream' : 'Table'
    throw new EngineError(
      'statement',
      `${kind} ${name} does not exist.${likeNamed(name, metastore)}`,
    )
  }
  if (source.kind !== statement.sourceKind) {
    throw new EngineError(
      'statement',
      `Incompatible data source type is ${source.kind}, but statement was DROP ${statement.sourceKind}`,
    )
  }
  if (statement.deleteTopic && source.isSource) {
    throw new EngineError('statement', `Cannot delete topic for read-only source: ${name}`)
  }
  const creator = metastore.creatorOf(name)
  const readers = metastore
    .readersOf(name)
    .filter((query) => query.id !== creator?.id)
    .map((query) => query.id)
  const writers = metastore
    .writersOf(name)
    .filter((query) => query.id !== creator?.id)
    .map((query) => query.id)
  if (readers.length > 0 || writers.length > 0) {
    throw new EngineError(
      'statement',
      `Cannot drop ${name}.\n` +
        `The following queries read from this source: [${readers.join(', ')}].\n` +
        `The following queries write into this source: [${writers.join(', ')}].\n` +
        `You need to terminate them before dropping ${name}.`,
    )
  }
  return {
    kind: 'command',
    commandId,
    operation: { kind: 'dropSource', name, deleteTopic: statement.deleteTopic },
    message: `Source \`${name}\` (topic: ${source.topic}) was dropped.`,
    queryId: null,
    ...(statement.deleteTopic ? { deleteTopic: source.topic } : {}),
  }
}
