import type { Row } from '@varve/serde'

import type { DataSource } from '../catalog/data-source.ts'
import type { PushQueryPlan, QueryPlan, SinkTopic, SourceTablePlan } from '../plan/physical-plan.ts'
import type { PullPlan } from '../plan/pull-plan.ts'

/** Result of analysing CREATE STREAM / TABLE. */
export interface CreateSourceCommand {
  readonly kind: 'createSource'
  readonly source: DataSource
  readonly orReplace: boolean
  readonly ifNotExists: boolean
  /** A source of that name exists and IF NOT EXISTS was said: nothing to do. */
  readonly exists: boolean
  /** The topic to create when it is missing: needs `partitions` then. */
  readonly topic: {
    readonly name: string
    readonly partitions?: number
    readonly replicas?: number
    readonly retentionMs?: number
  }
  /** A SOURCE table keeps its rows by a query of its own. */
  readonly query?: SourceTablePlan
}

/** Result of analysing C*AS. */
export interface CreateAsSelectCommand {
  readonly kind: 'createAsSelect'
  readonly source: DataSource
  readonly orReplace: boolean
  readonly ifNotExists: boolean
  readonly exists: boolean
  readonly topic: SinkTopic
  readonly query: QueryPlan
}

/** Result of analysing INSERT INTO … SELECT. */
export interface InsertIntoCommand {
  readonly kind: 'insertInto'
  readonly target: string
  readonly queryId?: string
  readonly query: QueryPlan
}

/** Result of analysing INSERT INTO … VALUES: one record. */
export interface InsertValuesCommand {
  readonly kind: 'insertValues'
  readonly target: DataSource
  /** `null` when the source has no key columns, or all are null. */
  readonly key: Row | null
  readonly value: Row | null
  /** Milliseconds since the epoch; absent: now. */
  readonly rowtime?: number
}

/** Result of analysing a SELECT with EMIT. */
export interface PushQueryCommand {
  readonly kind: 'pushQuery'
  readonly plan: PushQueryPlan
}

/** Result of analysing a SELECT without EMIT. */
export interface PullQueryCommand {
  readonly kind: 'pullQuery'
  readonly plan: PullPlan
}

/** What a statement means once names and types are known. */
export type Command =
  | CreateSourceCommand
  | CreateAsSelectCommand
  | InsertIntoCommand
  | InsertValuesCommand
  | PushQueryCommand
  | PullQueryCommand
