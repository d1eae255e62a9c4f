import type { Engine } from '../engine/engine.ts'
import type { ServerLimits } from './server-options.ts'

/** What every endpoint works with. */
export interface ServerContext {
  readonly engine: Engine
  readonly limits: ServerLimits
}
