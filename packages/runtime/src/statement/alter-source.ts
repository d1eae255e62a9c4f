import { isSystemColumn, resolveType, type Statement } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import type { PlannedStatement } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'

type AlterSource = Extract<Statement, { readonly kind: 'alterSource' }>

/** ALTER … ADD COLUMN: value columns behind the others, of sources that no query made. */
export function planAlterSource(
  statement: AlterSource,
  text: string,
  { metastore }: StatementContext,
): PlannedStatement {
  const { name } = statement
  const source = metastore.source(name)
  if (source === undefined) throw new EngineError('statement', `Source ${name} does not exist.`)
  if (source.kind !== statement.sourceKind) {
    throw new EngineError(
      'statement',
      `Incompatible data source type is ${source.kind}, but statement was ALTER ${statement.sourceKind}`,
    )
  }
  if (source.isSource) {
    const kind = source.kind.toLowerCase()
    throw new EngineError(
      'statement',
      `Cannot alter ${kind} '${name}': ALTER operations are not supported on source ${kind}s.`,
    )
  }
  if (source.createdByQuery) {
    throw new EngineError(
      'statement',
      'ALTER command is not supported for CREATE ... AS statements.',
    )
  }
  const taken = new Set([...source.keyColumns, ...source.valueColumns].map((column) => column.name))
  const added = statement.columns.map((column) => {
    if (taken.has(column.name)) {
      throw new EngineError(
        'statement',
        `Cannot add column \`${column.name}\` to schema. A column with the same name already exists.`,
      )
    }
    if (isSystemColumn(column.name)) {
      throw new EngineError(
        'statement',
        `'${column.name}' is a reserved column name. You cannot use it as a name for a column.`,
      )
    }
    taken.add(column.name)
    return {
      name: column.name,
      type: resolveType(column.type, (typeName) => metastore.type(typeName)),
    }
  })
  const altered = {
    ...source,
    valueColumns: [...source.valueColumns, ...added],
    sql: `${source.sql}\n${text}`,
  }
  return {
    kind: 'command',
    commandId: `${source.kind.toLowerCase()}/${name}/alter`,
    operation: { kind: 'alterSource', source: altered },
    message: `${source.kind === 'STREAM' ? 'Stream' : 'Table'} ${name} altered.`,
    queryId: null,
  }
}
