import type { Columns, FormatName, SqlType } from '@varve/serde'

import type { DataSource } from './data-source.ts'

/** What analysis asks of the metastore. Names as folded: exact match. */
export interface Catalog {
  source(name: string): DataSource | undefined
  /** A type made by CREATE TYPE. */
  type(name: string): SqlType | undefined
}

/** A topic as far as planning cares. */
export interface TopicInfo {
  readonly partitions: number
  readonly replicas: number
}

/** Columns that a CREATE statement wants from a schema registry. */
export interface InferenceRequest {
  readonly topic: string
  readonly side: 'key' | 'value'
  /** Absent: that of the schema's kind. */
  readonly format?: FormatName
  /** A given id instead of the subject's latest version; column names then keep their case. */
  readonly schemaId?: number
  readonly schemaFullName?: string
  /** `WRAP_SINGLE_VALUE`, where it was given. */
  readonly wrap?: boolean
}

/** Port to a schema registry: the caller resolves {@link InferenceRequest}s, asynchronously, before it analyses. */
export interface SchemaInference {
  /** The columns of the schema; `undefined` when there is none. */
  infer(request: InferenceRequest): Promise<Columns | undefined>
}

/** What {@link SchemaInference} found, handed to analysis. */
export interface InferredColumns {
  readonly key?: Columns
  readonly value?: Columns
}
