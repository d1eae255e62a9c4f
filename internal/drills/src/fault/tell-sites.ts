import type { CallSiteReport } from './call-sites.ts'

/** Says how the call sites fared; returns how many of them must be reached and were not, or were and must not be. */
export function tellSites(report: CallSiteReport, log: (line: string) => void): number {
  const { all, failed, spared, missed, unreachable, stale, pairs } = report
  for (const { place, method } of missed) log(`not reached: ${method} at ${place}`)
  for (const { place, method } of spared) log(`reached, never failed: ${method} at ${place}`)
  for (const [{ place, method }, reason] of unreachable)
    log(`not to be reached: ${method} at ${place}: ${reason}`)
  for (const name of stale) log(`said to be unreachable, but reached or not there: ${name}`)
  log(
    `${all} places of the engine call the file system: ${failed.length} failed with ${pairs} faults of different kind or place, ` +
      `${spared.length} were only reached, ${missed.length} were missed, ${unreachable.length} cannot be reached`,
  )
  return missed.length + stale.length
}
