import type { QueryPlan, SourceTablePlan } from '@varve/sql'

import type { PropertyValue } from '../engine/session.ts'

/** A persistent query as the catalog knows it: plain data, survives JSON. */
export interface QueryInfo {
  /** `CTAS_AVG_READINGS_1`. */
  readonly id: string
  /** Prefix of its internal topics, name of its consumer group. */
  readonly applicationId: string
  readonly statementText: string
  readonly kind: 'CREATE_AS' | 'CREATE_SOURCE' | 'INSERT'
  readonly plan: QueryPlan | SourceTablePlan
  /** The stream or table it makes or writes to. */
  readonly sink: string
  /** The topic it writes; the query of a SOURCE table writes none. */
  readonly sinkTopic: string | null
  /** Session properties that held when it was created. */
  readonly properties: Readonly<Record<string, PropertyValue>>
  readonly paused: boolean
}
