/**
 * ksqlDB's HTTP API around an engine: HTTP/1.1 and HTTP/2 without TLS on one port.
 *
 * @packageDocumentation
 */
export { startServer, type VarveServer } from './start-server.ts'
export type { ServerLimits, ServerOptions } from './server-options.ts'
export { serverVersion } from './endpoints/status.ts'
