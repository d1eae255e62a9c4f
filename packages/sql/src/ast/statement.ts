import type { Expression } from './expression.ts'
import type { Span } from './position.ts'
import type { DurationNode, Query } from './query.ts'
import type { TypeNode } from './type.ts'

/** A WITH value as written. */
export type PropertyValue = string | number | bigint | boolean

/** One `NAME = value` of a WITH clause. */
export interface PropertyNode {
  /** Upper case for the dialect's own properties; as written for connectors. */
  readonly name: string
  readonly value: PropertyValue
  readonly span: Span
}

/** A declared column. */
export interface ColumnNode {
  readonly name: string
  readonly type: TypeNode
  readonly constraint:
    | { readonly kind: 'KEY' }
    | { readonly kind: 'PRIMARY KEY' }
    | { readonly kind: 'HEADERS' }
    | { readonly kind: 'HEADER'; readonly key: string }
    | undefined
  readonly span: Span
}

/** STREAM or TABLE. */
export type SourceKind = 'STREAM' | 'TABLE'

/** `CREATE [OR REPLACE] [SOURCE] {STREAM|TABLE} [IF NOT EXISTS] name [(…)] WITH (…)`. */
export interface CreateSource {
  readonly kind: 'createSource'
  readonly sourceKind: SourceKind
  readonly name: string
  readonly orReplace: boolean
  /** `SOURCE`: read-only. */
  readonly isSource: boolean
  readonly ifNotExists: boolean
  readonly columns: readonly ColumnNode[]
  readonly properties: readonly PropertyNode[]
  readonly span: Span
}

/** `CREATE {STREAM|TABLE} name [WITH (…)] AS SELECT …`. */
export interface CreateAsSelect {
  readonly kind: 'createAsSelect'
  readonly sourceKind: SourceKind
  readonly name: string
  readonly orReplace: boolean
  readonly ifNotExists: boolean
  readonly properties: readonly PropertyNode[]
  readonly query: Query
  readonly span: Span
}

/** `INSERT INTO name [WITH (QUERY_ID = …)] SELECT …`. */
export interface InsertIntoSelect {
  readonly kind: 'insertIntoSelect'
  readonly target: string
  readonly targetSpan: Span
  readonly properties: readonly PropertyNode[]
  readonly query: Query
  readonly span: Span
}

/** `INSERT INTO name [(columns)] VALUES (…)`. */
export interface InsertValues {
  readonly kind: 'insertValues'
  readonly target: string
  readonly columns: readonly string[] | undefined
  readonly values: readonly Expression[]
  readonly span: Span
}

/** What SHOW lists. */
export type ShowSubject =
  | 'STREAMS'
  | 'TABLES'
  | 'TOPICS'
  | 'QUERIES'
  | 'FUNCTIONS'
  | 'TYPES'
  | 'PROPERTIES'
  | 'VARIABLES'
  | 'CONNECTORS'
  | 'CONNECTOR PLUGINS'

/** A statement with its place in the script. */
export type Statement =
  | CreateSource
  | CreateAsSelect
  | InsertIntoSelect
  | InsertValues
  | Query
  | {
      readonly kind: 'dropSource'
      readonly sourceKind: SourceKind
      readonly name: string
      readonly ifExists: boolean
      readonly deleteTopic: boolean
      readonly span: Span
    }
  | {
      readonly kind: 'alterSource'
      readonly sourceKind: SourceKind
      readonly name: string
      readonly columns: readonly ColumnNode[]
      readonly span: Span
    }
  | {
      readonly kind: 'createType'
      readonly name: string
      readonly ifNotExists: boolean
      readonly type: TypeNode
      readonly span: Span
    }
  | {
      readonly kind: 'dropType'
      readonly name: string
      readonly ifExists: boolean
      readonly span: Span
    }
  /** `TERMINATE`, `PAUSE`, `RESUME`; query id `undefined` is ALL. */
  | { readonly kind: 'terminate'; readonly queryId: string | undefined; readonly span: Span }
  | { readonly kind: 'pause'; readonly queryId: string | undefined; readonly span: Span }
  | { readonly kind: 'resume'; readonly queryId: string | undefined; readonly span: Span }
  | {
      readonly kind: 'show'
      readonly subject: ShowSubject
      readonly extended: boolean
      /** `SHOW ALL TOPICS`. */
      readonly all: boolean
      /** `SHOW {SOURCE|SINK} CONNECTORS`. */
      readonly connectorKind: 'SOURCE' | 'SINK' | undefined
      readonly span: Span
    }
  | {
      readonly kind: 'describe'
      readonly name: string
      readonly extended: boolean
      readonly span: Span
    }
  /** `DESCRIBE {STREAMS|TABLES} [EXTENDED]`. */
  | {
      readonly kind: 'describeAll'
      readonly sourceKind: SourceKind
      readonly extended: boolean
      readonly span: Span
    }
  | { readonly kind: 'describeFunction'; readonly name: string; readonly span: Span }
  | { readonly kind: 'describeConnector'; readonly name: string; readonly span: Span }
  | {
      readonly kind: 'explain'
      /** A statement, or the id of a running query. */
      readonly subject: Statement | string
      readonly span: Span
    }
  | { readonly kind: 'set'; readonly property: string; readonly value: string; readonly span: Span }
  | { readonly kind: 'unset'; readonly property: string; readonly span: Span }
  | {
      readonly kind: 'alterSystem'
      readonly property: string
      readonly value: string
      readonly span: Span
    }
  /** Name in upper case (case-insensitive); the text between the quotes. */
  | { readonly kind: 'define'; readonly name: string; readonly value: string; readonly span: Span }
  | { readonly kind: 'undefine'; readonly name: string; readonly span: Span }
  | { readonly kind: 'runScript'; readonly path: string; readonly span: Span }
  | {
      readonly kind: 'print'
      readonly topic: string
      readonly fromBeginning: boolean
      readonly interval: number | undefined
      readonly limit: number | undefined
      readonly span: Span
    }
  | {
      readonly kind: 'createConnector'
      readonly connectorKind: 'SOURCE' | 'SINK'
      readonly name: string
      readonly ifNotExists: boolean
      readonly properties: readonly PropertyNode[]
      readonly span: Span
    }
  | {
      readonly kind: 'dropConnector'
      readonly name: string
      readonly ifExists: boolean
      readonly span: Span
    }
  | {
      readonly kind: 'assertTopic'
      readonly topic: string
      readonly exists: boolean
      readonly properties: readonly PropertyNode[]
      readonly timeout: DurationNode | undefined
      readonly span: Span
    }
  | {
      readonly kind: 'assertSchema'
      readonly subject: string | undefined
      readonly id: number | undefined
      readonly exists: boolean
      readonly timeout: DurationNode | undefined
      readonly span: Span
    }
  | {
      readonly kind: 'assertValues'
      readonly target: string
      readonly columns: readonly string[] | undefined
      readonly values: readonly Expression[]
      /** `ASSERT NULL VALUES … KEY (…)`: a tombstone with this key. */
      readonly tombstone: boolean
      readonly span: Span
    }
  | {
      readonly kind: 'assertSource'
      readonly sourceKind: SourceKind
      readonly name: string
      readonly columns: readonly ColumnNode[]
      readonly properties: readonly PropertyNode[]
      readonly span: Span
    }

/** Names of the statement kinds. */
export type StatementKind = Statement['kind']

/** A statement of a script with the text it was parsed from. */
export interface ParsedStatement {
  readonly statement: Statement
  /** From its first token to the `;`, included; variables are substituted. */
  readonly text: string
}
