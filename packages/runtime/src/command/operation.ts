import type { SqlType } from '@varve/serde'
import type { DataSource } from '@varve/sql'

import type { QueryInfo } from '../catalog/query-info.ts'

/** What a command does to the catalog: everything resolved, so that replaying it asks nothing of topics, registry or clock. */
export type Operation =
  | {
      readonly kind: 'createSource'
      readonly source: DataSource
      /** SOURCE tables keep their rows by a query of their own. */
      readonly query?: QueryInfo
    }
  | { readonly kind: 'createAsSelect'; readonly source: DataSource; readonly query: QueryInfo }
  | { readonly kind: 'insertInto'; readonly target: string; readonly query: QueryInfo }
  | { readonly kind: 'alterSource'; readonly source: DataSource }
  | { readonly kind: 'dropSource'; readonly name: string; readonly deleteTopic: boolean }
  | { readonly kind: 'createType'; readonly name: string; readonly type: SqlType }
  | { readonly kind: 'dropType'; readonly name: string }
  | { readonly kind: 'terminate'; readonly queryIds: readonly string[] }
  | { readonly kind: 'pause'; readonly queryIds: readonly string[] }
  | { readonly kind: 'resume'; readonly queryIds: readonly string[] }
  /** The end of the service: every query stops, on every instance, and nothing is accepted any more. */
  | { readonly kind: 'terminateCluster' }
