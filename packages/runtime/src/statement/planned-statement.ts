import type { DataSource, InsertValuesCommand, Statement } from '@varve/sql'

import type { QueryInfo } from '../catalog/query-info.ts'
import type { Operation } from '../command/operation.ts'

/** A topic that a statement needs and that is not there yet. */
export interface TopicToCreate {
  readonly name: string
  readonly partitions: number
  readonly replicas?: number
  readonly configs: Readonly<Record<string, string>>
}

/** What a statement will do, once it was found to be right. */
export type PlannedStatement =
  /** Goes through the command topic. */
  | {
      readonly kind: 'command'
      /** `type/entity/action`. */
      readonly commandId: string
      readonly operation: Operation
      readonly message: string
      readonly queryId: string | null
      readonly topic?: TopicToCreate
      /** A topic to delete after the command was accepted. */
      readonly deleteTopic?: string
      /** A source whose declared columns are to be registered. */
      readonly register?: {
        readonly source: DataSource
        readonly key: boolean
        readonly value: boolean
      }
      /** A query whose streams begin at their present ends. */
      readonly pin?: { readonly applicationId: string; readonly plan: QueryInfo['plan'] }
    }
  /** Nothing to do. */
  | { readonly kind: 'nothing'; readonly commandId: string; readonly message: string }
  | { readonly kind: 'insertValues'; readonly command: InsertValuesCommand }
  /** Answered from what is known, at the time it is its turn. */
  | { readonly kind: 'answer'; readonly statement: Statement }
  | { readonly kind: 'session'; readonly statement: Statement }
  /** TERMINATE of a push query. */
  | { readonly kind: 'closePushQuery'; readonly queryId: string }
