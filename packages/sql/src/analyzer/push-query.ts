import type { Query } from '../ast/query.ts'
import { SqlError } from '../errors.ts'
import { planFormatVersion } from '../plan/physical-plan.ts'
import { planQuery } from '../plan/plan-query.ts'
import { resultColumns } from '../plan/result-columns.ts'
import type { PushQueryCommand } from './command.ts'
import type { AnalysisEnvironment } from './environment.ts'
import { optional } from './source-properties.ts'

/** Plans a SELECT with EMIT. @throws SqlError */
export function analyzePushQuery(query: Query, environment: AnalysisEnvironment): PushQueryCommand {
  if (query.limit !== undefined && query.limit < 0) {
    throw new SqlError("Push queries don't support negative integers in the LIMIT clause.", {
      span: query.span,
    })
  }
  const planned = planQuery(query, environment, false)
  const { relation, items, names, planning } = planned
  const output = resultColumns(items, names, relation, planning)
  return {
    kind: 'pushQuery',
    plan: {
      version: planFormatVersion,
      sources: planning.scope.sources.map((source) => source.definition.name),
      root: relation.node,
      resultKind: relation.kind,
      output,
      emit: query.emit ?? 'CHANGES',
      ...optional('limit', query.limit),
    },
  }
}
