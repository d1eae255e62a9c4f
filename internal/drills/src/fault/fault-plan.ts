import type { SeededRandom } from '@varve/base/testing'
import type { CallFault, FileOperation } from '@varve/vfs'

import type { CallSites } from './call-sites.ts'

/** A call to the file system that a history makes. */
export interface Call {
  readonly operation: FileOperation
  readonly path: string
  /** Step of the history that made it. */
  readonly step: string
  /** Where in the engine, when that is asked for. */
  readonly place: string | undefined
}

/** A way in which one run goes wrong. */
export interface PlannedFault {
  /** Number of the call, from 0. */
  readonly call: number
  readonly fault: CallFault
  /** The disk stays broken from there on. */
  readonly persistent: boolean
  readonly name: string
}

/** Which faults to try. */
export interface FaultChoice {
  /** At most so many: of more, a random part. Default: all. */
  readonly faultsMax?: number | undefined
  /** Only this call and fault. */
  readonly call?: number | undefined
  readonly fault?: string | undefined
  /** Each fault so often at most at each place that `sites` knows of. Default: no bound. */
  readonly perSite?: number | undefined
  readonly sites?: CallSites | undefined
}

const failing: readonly CallFault[] = [{ error: 'EIO' }]
const filling: readonly CallFault[] = [{ error: 'EIO' }, { error: 'ENOSPC' }]
const faultsOf: Partial<Record<FileOperation, readonly CallFault[]>> = {
  append: [...filling, { error: 'ENOSPC', shortWrite: true }],
  read: [{ error: 'EIO' }, { flipBit: 12_345 }, { flipBit: 77 }, { shortRead: true }],
  open: filling,
  sync: filling,
  preallocate: filling,
  mkdir: filling,
  rename: filling,
  link: filling,
  'write-atomic': filling,
}

/** Files of which the beginning is whole in itself: only another file could tell that the end is missing. */
const cutWhereItMay = /\.log$|MANIFEST-\d+$/
const log = /\.log$/

/** Every way in which every call can go wrong, once and for good, or the part of it that is chosen. */
export function planFaults(
  calls: readonly Call[],
  choice: FaultChoice,
  isDamageTheEnd: boolean,
  random: SeededRandom,
): PlannedFault[] {
  const all = calls.flatMap(({ operation, path }, call) =>
    (faultsOf[operation] ?? failing)
      .filter((fault) => isNoticed(fault, path, isDamageTheEnd))
      .flatMap((fault) =>
        ('error' in fault ? [false, true] : [false]).map((persistent) => ({
          call,
          fault,
          persistent,
          name: nameOf(fault, persistent),
        })),
      ),
  )
  const { call, fault, sites, perSite, faultsMax = all.length } = choice
  if (call !== undefined)
    return all.filter((one) => one.call === call && (fault === undefined || one.name === fault))
  if (sites !== undefined && perSite !== undefined)
    return shuffled(all, random).filter((one) =>
      sites.claim(calls[one.call]!.place, one.name, perSite),
    )
  if (faultsMax >= all.length) return all
  return Array.from({ length: faultsMax }, () => random.pick(all))
}

/** Whether somebody has to notice; where a log ends where its damage begins, it does. */
function isNoticed(fault: CallFault, path: string, isDamageTheEnd: boolean): boolean {
  if ('shortRead' in fault) return !cutWhereItMay.test(path)
  return !('flipBit' in fault) || !isDamageTheEnd || !log.test(path)
}

function nameOf(fault: CallFault, persistent: boolean): string {
  if ('flipBit' in fault) return `flip-${fault.flipBit}`
  if ('shortRead' in fault) return 'short-read'
  return `${fault.error}${fault.shortWrite === true ? '-short' : ''}${persistent ? '-for-good' : ''}`
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const item = result[i]!
    result[i] = result[j]!
    result[j] = item
  }
  return result
}
