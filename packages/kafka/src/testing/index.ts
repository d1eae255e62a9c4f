/**
 * Contract suite that every transport must pass, and a transport that fails on command. Needs vitest.
 *
 * @packageDocumentation
 */
export { describeKafka } from './describe-kafka.ts'
export type { KafkaEnvironment } from './environment.ts'
export { FaultInjectionTransport, type TransportFault } from './fault-injection-transport.ts'
