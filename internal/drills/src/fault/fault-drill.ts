import { createSeededRandom } from '@varve/base/testing'
import type { FileOperation } from '@varve/vfs'

import { planFaults, type FaultChoice } from './fault-plan.ts'
import { callsOf, runWithFault } from './fault-run.ts'

/** What to try. */
export interface FaultDrillOptions extends FaultChoice {
  /** Histories, each of which runs once for every call it makes and fault that the call can have. */
  readonly histories: number
  readonly seed: number
  /** Only this history: a failure once more. */
  readonly history?: number | undefined
  readonly log: (line: string) => void
}

/** What was tried. */
export interface FaultDrillResult {
  readonly runs: number
  /** Runs in which the fault came to the surface, by what it was. */
  readonly surfaced: number
  readonly callSites: ReadonlyMap<FileOperation, number>
  readonly failures: readonly string[]
}

/** A run takes milliseconds: one that takes so long waits for something that does not come. */
const hangTicks = 40
const tickMs = 500
const failuresMax = 10
const reportEvery = 20

/**
 * Runs a history, counts the calls to the file system, then runs it again for every call and every way the call can go wrong, once
 * and for good. Whatever fails: an answer is right or a typed error, nothing hangs, writes are refused with the reason once the
 * log or the MANIFEST is in doubt, and after the fault is over the database opens and has all that was acknowledged.
 */
export async function runFaultDrill(options: FaultDrillOptions): Promise<FaultDrillResult> {
  const { sites, log } = options
  const failures: string[] = []
  const callSites = new Map<FileOperation, number>()
  let runs = 0
  let surfaced = 0
  const first = options.history ?? 0
  const end = options.history === undefined ? options.histories : first + 1
  for (let number = first; number < end && failures.length < failuresMax; number++) {
    const seed = options.seed * 10_007 + number
    const { calls, isDamageTheEnd } = await callsOf(seed, sites)
    for (const { operation } of calls) callSites.set(operation, (callSites.get(operation) ?? 0) + 1)
    const random = createSeededRandom(seed)
    for (const planned of planFaults(calls, options, isDamageTheEnd, random)) {
      runs++
      const call = calls[planned.call]!
      try {
        if (await withTimeLimit(runWithFault(seed, planned, call, sites))) surfaced++
      } catch (error) {
        const where = `--seed ${options.seed} --history ${number} --call ${planned.call} --fault ${planned.name}`
        const failure = `${where} (${call.operation} of ${call.path} in "${call.step}"): ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
        failures.push(failure)
        log(failure)
        if (failures.length >= failuresMax) break
      }
    }
    if ((number + 1) % reportEvery === 0) log(`${runs} faults in ${number + 1} histories`)
  }
  return { runs, surfaced, callSites, failures }
}

async function withTimeLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    let ticks = 0
    // Not one long wait: a process that was stopped and goes on has waited for nothing.
    timer = setInterval(() => {
      if (++ticks === hangTicks) reject(new Error('hangs'))
    }, tickMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearInterval(timer)
  }
}
