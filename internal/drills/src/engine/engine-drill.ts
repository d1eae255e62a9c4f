import { runKillLoop } from '../kill-loop.ts'
import type { DrillOptions, DrillResult } from '../options.ts'

/**
 * An engine on its embedded broker runs a stateless query and an aggregate behind a repartition topic, and is killed at a random moment
 * under load. After each kill the committed outputs must be a prefix of what the inputs call for: nothing twice, nothing missing, nothing
 * out of order. The last start must come to exactly the whole.
 */
export function runEngineDrill(options: DrillOptions): Promise<DrillResult> {
  const module = new URL('./engine-child.ts', import.meta.url)
  return runKillLoop({ module, lifeMsMin: 300, lifeMsMax: 3000 }, options)
}
