/**
 * The transport to Apache Kafka: connections, TLS, SASL and metadata of kafkajs.
 *
 * @packageDocumentation
 */
export {}
