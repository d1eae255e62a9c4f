import type { FieldInfo } from './field-info.ts'

/** A remark that does not stop the statement. */
export interface Warning {
  readonly message: string
}

/** What every answer to a statement carries. The shapes are those of ksqlDB's `/ksql` resource, so a server sends them as they are. */
interface EntityBase {
  readonly statementText: string
  readonly warnings: readonly Warning[]
}

/** Progress of a distributed statement. */
export type CommandStatusName =
  'QUEUED' | 'PARSING' | 'EXECUTING' | 'RUNNING' | 'TERMINATED' | 'SUCCESS' | 'ERROR'

/** Status of one command. */
export interface CommandStatus {
  readonly status: CommandStatusName
  readonly message: string
  readonly queryId: string | null
}

/** Answer to a statement that went through the command topic. */
export interface CurrentStatusEntity extends EntityBase {
  readonly '@type': 'currentStatus'
  /** `type/entity/action`. */
  readonly commandId: string
  readonly commandStatus: CommandStatus
  /** Offset of the command; -1 when nothing was written. */
  readonly commandSequenceNumber: number
}

/** The statement had nothing to do. */
export interface WarningEntity extends EntityBase {
  readonly '@type': 'warning_entity'
  readonly message: string
}

/** One line of SHOW STREAMS or SHOW TABLES. */
export interface SourceInfo {
  readonly type: 'STREAM' | 'TABLE'
  readonly name: string
  readonly topic: string
  readonly keyFormat: string
  readonly valueFormat: string
  readonly isWindowed: boolean
}

export interface StreamsEntity extends EntityBase {
  readonly '@type': 'streams'
  readonly streams: readonly SourceInfo[]
}

export interface TablesEntity extends EntityBase {
  readonly '@type': 'tables'
  readonly tables: readonly SourceInfo[]
}

/** State of a persistent or push query. */
export type QueryState = 'RUNNING' | 'PAUSED' | 'ERROR'

/** One line of SHOW QUERIES. */
export interface RunningQuery {
  readonly queryString: string
  readonly sinks: readonly string[]
  readonly sinkKafkaTopics: readonly string[]
  readonly id: string
  readonly statusCount: Readonly<Record<string, number>>
  readonly queryType: 'PERSISTENT' | 'PUSH'
  readonly state: QueryState
}

export interface QueriesEntity extends EntityBase {
  readonly '@type': 'queries'
  readonly queries: readonly RunningQuery[]
}

/** Position of one consumer group in one topic. */
export interface QueryOffsetSummary {
  readonly groupId: string
  readonly topicSummaries: readonly {
    readonly kafkaTopic: string
    readonly offsets: readonly {
      readonly partition: number
      readonly logStartOffset: number
      readonly logEndOffset: number
      readonly consumerOffset: number
    }[]
  }[]
}

/** All that is known of one source. */
export interface SourceDescription {
  readonly name: string
  readonly windowType: string | null
  readonly readQueries: readonly RunningQuery[]
  readonly writeQueries: readonly RunningQuery[]
  readonly fields: readonly FieldInfo[]
  readonly type: 'STREAM' | 'TABLE'
  readonly timestamp: string
  readonly statistics: string
  readonly errorStats: string
  readonly extended: boolean
  readonly keyFormat: string
  readonly valueFormat: string
  readonly topic: string
  readonly partitions: number
  readonly replication: number
  readonly statement: string
  readonly queryOffsetSummaries: readonly QueryOffsetSummary[]
  readonly sourceConstraints: readonly string[]
  readonly clusterStatistics: readonly unknown[]
  readonly clusterErrorStats: readonly unknown[]
}

export interface SourceDescriptionEntity extends EntityBase {
  readonly '@type': 'sourceDescription'
  readonly sourceDescription: SourceDescription
}

export interface SourceDescriptionsEntity extends EntityBase {
  readonly '@type': 'source_descriptions'
  readonly sourceDescriptions: readonly SourceDescription[]
}

/** A failure of a running query. */
export interface QueryErrorInfo {
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  readonly errorMessage: string
  readonly type: 'USER' | 'SYSTEM' | 'UNKNOWN'
}

/** All that is known of one query, or of the query a statement would start. */
export interface QueryDescription {
  readonly id: string
  readonly statementText: string
  readonly windowType: string | null
  readonly fields: readonly FieldInfo[]
  readonly sources: readonly string[]
  readonly sinks: readonly string[]
  readonly topology: string
  readonly executionPlan: string
  readonly overriddenProperties: Readonly<Record<string, string>>
  readonly ksqlHostQueryStatus: Readonly<Record<string, string>>
  readonly queryType: 'PERSISTENT' | 'PUSH' | 'PULL'
  readonly queryErrors: readonly QueryErrorInfo[]
  readonly tasksMetadata: readonly unknown[]
  readonly consumerGroupId: string | null
  readonly state: string | null
}

export interface QueryDescriptionEntity extends EntityBase {
  readonly '@type': 'queryDescription'
  readonly queryDescription: QueryDescription
}

export interface QueryDescriptionsEntity extends EntityBase {
  readonly '@type': 'query_descriptions'
  readonly queryDescriptions: readonly QueryDescription[]
}

/** One line of SHOW PROPERTIES. */
export interface PropertyInfo {
  readonly name: string
  readonly scope: 'KSQL'
  readonly value: string | null
  readonly editable: boolean
  readonly level: 'QUERY' | 'SERVER'
}

export interface PropertiesEntity extends EntityBase {
  readonly '@type': 'properties'
  readonly properties: readonly PropertyInfo[]
  readonly overwrittenProperties: readonly string[]
  readonly defaultProperties: readonly string[]
}

/** One line of SHOW TOPICS. */
export interface TopicInfo {
  readonly name: string
  /** Replicas of each partition. */
  readonly replicaInfo: readonly number[]
}

export interface TopicsEntity extends EntityBase {
  readonly '@type': 'kafka_topics'
  readonly topics: readonly TopicInfo[]
}

export interface FunctionNamesEntity extends EntityBase {
  readonly '@type': 'function_names'
  readonly functions: readonly {
    readonly name: string
    readonly type: 'SCALAR' | 'AGGREGATE' | 'TABLE'
    readonly category: string
  }[]
}

/** Answer to DESCRIBE FUNCTION. */
export interface DescribeFunctionEntity extends EntityBase {
  readonly '@type': 'describe_function'
  readonly name: string
  readonly description: string
  readonly author: string
  readonly version: string
  readonly path: string
  readonly functions: readonly {
    readonly arguments: readonly {
      readonly name: string
      readonly type: string
      readonly description: string
      readonly isVariadic: boolean
    }[]
    readonly returnType: string
    readonly description: string
  }[]
  readonly type: 'SCALAR' | 'AGGREGATE' | 'TABLE'
}

export interface TypesEntity extends EntityBase {
  readonly '@type': 'type_list'
  readonly types: Readonly<Record<string, FieldInfo['schema']>>
}

export interface VariablesEntity extends EntityBase {
  readonly '@type': 'variables'
  readonly variables: readonly { readonly name: string; readonly value: string }[]
}

/** A push query was ended by TERMINATE. */
export interface TerminateQueryEntity extends EntityBase {
  readonly '@type': 'terminate_query'
  readonly queryId: string
  readonly wasTerminated: boolean
}

/** ASSERT TOPIC held. */
export interface AssertTopicEntity extends EntityBase {
  readonly '@type': 'assert_topic'
  readonly topicName: string
  readonly exists: boolean
}

/** ASSERT SCHEMA held. */
export interface AssertSchemaEntity extends EntityBase {
  readonly '@type': 'assert_schema'
  readonly subject: string | null
  readonly id: number | null
  readonly exists: boolean
}

/** Answer to one statement of {@link Engine.execute}; SET, UNSET, DEFINE, UNDEFINE and INSERT VALUES give none. */
export type StatementResult =
  | CurrentStatusEntity
  | WarningEntity
  | StreamsEntity
  | TablesEntity
  | QueriesEntity
  | SourceDescriptionEntity
  | SourceDescriptionsEntity
  | QueryDescriptionEntity
  | QueryDescriptionsEntity
  | PropertiesEntity
  | TopicsEntity
  | FunctionNamesEntity
  | DescribeFunctionEntity
  | TypesEntity
  | VariablesEntity
  | TerminateQueryEntity
  | AssertTopicEntity
  | AssertSchemaEntity
