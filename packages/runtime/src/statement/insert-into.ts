import { assert } from '@varve/base'
import type { InsertIntoCommand } from '@varve/sql'

import { EngineError } from '../engine/engine-error.ts'
import { createQueryInfo } from './create-as-select.ts'
import type { PlanningEnvironment } from './plan-statement.ts'
import type { PlannedStatement } from './planned-statement.ts'
import type { StatementContext } from './statement-context.ts'

/** INSERT INTO … SELECT: a query that writes into a stream beside others. */
export function planInsertInto(
  command: InsertIntoCommand,
  text: string,
  context: StatementContext,
  environment: PlanningEnvironment,
): PlannedStatement {
  const id = command.queryId?.toUpperCase() ?? `INSERTQUERY_${context.nextQueryNumber}`
  if (context.metastore.query(id) !== undefined) {
    throw new EngineError('statement', `Query ID '${id}' already exists.`)
  }
  const target = context.metastore.source(command.target)
  assert(target !== undefined, 'an analysed INSERT has a target')
  const query = createQueryInfo(id, 'INSERT', text, command.query, target, context, environment)
  return {
    kind: 'command',
    commandId: `stream/${command.target}/create`,
    operation: { kind: 'insertInto', target: command.target, query },
    message: `Created query with ID ${id}`,
    queryId: id,
    pin: { applicationId: query.applicationId, plan: query.plan },
  }
}
