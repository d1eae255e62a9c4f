/**
 * An embedded durable broker that answers Kafka's requests over Kafka's own log files.
 *
 * @packageDocumentation
 */
export {}
