/**
 * The transport to Apache Kafka: connections, TLS, SASL and metadata of kafkajs.
 *
 * @packageDocumentation
 */
export { KafkajsTransport, type KafkajsTransportOptions } from './kafkajs-transport.ts'
export type { SaslOptions } from './kafkajs-cluster.ts'
