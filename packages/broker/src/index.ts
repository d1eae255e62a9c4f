/**
 * An embedded durable broker that answers Kafka's requests over Kafka's own log files.
 *
 * @packageDocumentation
 */
export { EmbeddedBroker } from './embedded-broker.ts'
export type { BrokerDefaults, EmbeddedBrokerOptions, FlushPolicy } from './broker-options.ts'
export type { RecoveredCut } from './log/log-loader.ts'
