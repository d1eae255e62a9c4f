/**
 * Kafka's bytes without sockets: record batches, requests and responses, groups, murmur2.
 *
 * @packageDocumentation
 */
export type * from './messages/index.ts'
export type { SendOptions, Target, Transport } from './transport.ts'
