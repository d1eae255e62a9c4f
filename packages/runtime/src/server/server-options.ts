import type { Engine } from '../engine/engine.ts'
import type { Logger } from '../engine/engine-options.ts'

/** Bounds on what one client may send. */
export interface ServerLimits {
  /** Bytes of a request body that is read whole. Default 8 MiB. */
  readonly bodyBytesMax: number
  /** Bytes of one row sent to `/inserts-stream`. Default 1 MiB. */
  readonly lineBytesMax: number
}

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** The engine to serve. It is not closed with the server. */
  readonly engine: Engine
  /** Address to listen on. Default `127.0.0.1`: there is no authentication. */
  readonly host?: string
  /** Default 8088; 0 picks a free port. */
  readonly port?: number
  readonly limits?: Partial<ServerLimits>
  /** Milliseconds that running requests have to end when the server closes. Default 5,000. */
  readonly shutdownGraceMs?: number
  readonly logger?: Logger
}

/** Fills in the defaults. */
export function resolveLimits(limits: Partial<ServerLimits> = {}): ServerLimits {
  return { bodyBytesMax: 8 * 1024 * 1024, lineBytesMax: 1024 * 1024, ...limits }
}
