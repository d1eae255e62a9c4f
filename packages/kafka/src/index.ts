/**
 * A Kafka client over any transport: fetcher, transactional producer, group member, admin.
 *
 * @packageDocumentation
 */
export type * from './client.ts'
