import type { Clock, Random } from '@varve/base'

/** Where the engine writes remarks about its own life. */
export interface Logger {
  info(message: string, detail?: Readonly<Record<string, unknown>>): void
  warn(message: string, detail?: Readonly<Record<string, unknown>>): void
  error(message: string, detail?: Readonly<Record<string, unknown>>): void
}

/** How to reach Apache Kafka. */
export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly clientId?: string
  /** TLS: `true`, or options of `node:tls`. */
  readonly ssl?: boolean | Readonly<Record<string, unknown>>
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
}

/** A schema registry that speaks Confluent's API. */
export interface SchemaRegistryConnection {
  readonly url: string
  /** Sent with each request, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Options of {@link Engine.open}. */
export interface EngineOptions {
  /**
   * Embedded mode: broker, registry and state live here; `:memory:` keeps nothing. With {@link EngineOptions.kafka}: the state directory
   * (default: none, state is restored from changelogs at each start).
   */
  readonly directory?: string
  /** Runs on this Kafka cluster instead of the embedded broker. */
  readonly kafka?: KafkaConnection
  /** Default: the embedded registry, kept in the topic `_schemas`. */
  readonly schemaRegistry?: SchemaRegistryConnection
  /** Instances with one id share queries. Default `default_`. Given without trailing `_`, names are built as ksqlDB builds them. */
  readonly serviceId?: string
  /** Properties of ksqlDB (`ksql.*`, `auto.offset.reset`, …) that hold unless a session overrides them. Unknown names are warned of. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** Default: silent. */
  readonly logger?: Logger
  readonly clock?: Clock
  readonly random?: Random
}

/** A logger that says nothing. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {} }
