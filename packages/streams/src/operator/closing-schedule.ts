import type { PersistedNumber, ProcessorContext } from '../topology/processor.ts'

/** Decides when to look for closed windows: at most once per interval of wall-clock time, restarts included. */
export class ClosingSchedule {
  readonly #context: ProcessorContext
  readonly #nextLook: PersistedNumber

  constructor(context: ProcessorContext) {
    this.#context = context
    this.#nextLook = context.persistedNumber('next-look', 0)
  }

  /** Whether it is time to look; if so, the next look is due one interval later. */
  due(): boolean {
    return lookDue(this.#nextLook, this.#context)
  }
}

/** The same on a number that several operators share. */
export function lookDue(nextLook: PersistedNumber, context: ProcessorContext): boolean {
  const { wallClockTime: now, emitIntervalMs } = context
  // A clock that was set back must not silence the operator.
  if (now < nextLook.value && now >= nextLook.value - emitIntervalMs) return false
  nextLook.value = now + emitIntervalMs
  return true
}
