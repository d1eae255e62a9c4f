import { runKillLoop } from '../kill-loop.ts'
import type { DrillOptions, DrillResult } from '../options.ts'

/**
 * An engine on its embedded broker runs a query of every stateful kind and is killed at random moments under load: aggregates with and
 * without repartition, undo and HAVING, all windows, EMIT FINAL, all joins. At the end every view and every output is compared, row by
 * row, with what plain loops over the inputs compute.
 */
export function runQueriesDrill(options: DrillOptions): Promise<DrillResult> {
  const module = new URL('./queries-child.ts', import.meta.url)
  return runKillLoop({ module, lifeMsMin: 500, lifeMsMax: 6000 }, options)
}
