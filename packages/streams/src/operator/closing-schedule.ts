import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'

/** Decides when to look for closed windows: at most once per interval of wall-clock time. */
export class ClosingSchedule {
  #nextLook = 0

  /** Whether it is time to look; if so, the next look is due one interval later. */
  due(context: ProcessorContext): boolean {
    const now = context.wallClockTime
    if (now < this.#nextLook) return false
    this.#nextLook = now + context.emitIntervalMs
    return true
  }
}

/** Own time of an operator, kept over restarts: the greatest event time among the records it accepted. */
export function observe(time: PersistedNumber, timestamp: number): number {
  if (timestamp > time.value) time.value = timestamp
  return time.value
}
