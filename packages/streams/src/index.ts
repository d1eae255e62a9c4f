/**
 * Stream processing on Kafka records: topology, operators, windows, tasks, state stores, restore.
 *
 * @packageDocumentation
 */
export {}
