import type { Content } from './content.ts'
import type { FamilySetup } from './setup.ts'

/** Content of families by their ids; a family that is not there is empty. */
export type State = ReadonlyMap<number, Content>

/**
 * States that the families of one order of writes went through. All families that log share one: a crash leaves one moment
 * of it for all of them. A family that skips the log has one of its own.
 */
export class Timeline {
  /** `states[n]` is the state after the n-th write that was asked for. */
  readonly states: State[]
  /** Every state from here on survives a loss of power: an earlier one must not come back. */
  powerSafe = 0
  /** The same for the death of the process. */
  deathSafe = 0

  constructor(base: State) {
    this.states = [base]
  }

  get last(): number {
    return this.states.length - 1
  }

  get current(): State {
    return this.states[this.last]!
  }

  /** A write is asked for; returns its number. */
  ask(state: State): number {
    this.states.push(state)
    return this.last
  }

  /** Nothing before `n` may come back. */
  keep(n: number, loss: 'power' | 'process'): void {
    this.deathSafe = Math.max(this.deathSafe, n)
    if (loss === 'power') this.powerSafe = Math.max(this.powerSafe, n)
  }

  /** What was asked for after `n` has not happened. */
  forgetAfter(n: number): void {
    this.states.length = n + 1
  }
}

/** States of a timeline that may be found after a crash. */
export interface TimelineBounds {
  readonly states: readonly State[]
  readonly powerSafe: number
  readonly deathSafe: number
  readonly last: number
}

/** What may be found after a crash at one moment. */
export interface Bounds {
  readonly main: TimelineBounds
  /** Of families that skip the log, by id. */
  readonly unlogged: ReadonlyMap<number, TimelineBounds>
  /** Families whose making was acknowledged and whose end was not asked for; the others that may be there. By name. */
  readonly mustExist: ReadonlyMap<string, FamilySetup>
  readonly mayExist: ReadonlyMap<string, FamilySetup>
  /** Whether opening was acknowledged: then there is a database. */
  readonly opened: boolean
  /** CURRENT was removed: where it is not there, only a repair makes a database of it. */
  readonly unnamed: boolean
}

/** What was asked of a database, what was promised, and so what a crash may leave. */
export class Ledger {
  readonly main: Timeline
  readonly unlogged: Map<number, Timeline>
  readonly mustExist = new Map<string, FamilySetup>()
  readonly mayExist = new Map<string, FamilySetup>()
  opened = false
  unnamed = false

  constructor(main: State = new Map(), unlogged: ReadonlyMap<number, State> = new Map()) {
    this.main = new Timeline(main)
    this.unlogged = new Map([...unlogged].map(([id, state]) => [id, new Timeline(state)]))
  }

  /** The order of writes that a family belongs to. */
  timelineOf(id: number, setup: FamilySetup): Timeline {
    if (setup.logged) return this.main
    let timeline = this.unlogged.get(id)
    if (timeline === undefined) {
      timeline = new Timeline(new Map())
      this.unlogged.set(id, timeline)
    }
    return timeline
  }

  /** All that was written so far is in tables or the log, and that synced. */
  keepAll(): void {
    for (const timeline of [this.main, ...this.unlogged.values()])
      timeline.keep(timeline.last, 'power')
  }

  bounds(): Bounds {
    return {
      main: boundsOf(this.main),
      unlogged: new Map([...this.unlogged].map(([id, timeline]) => [id, boundsOf(timeline)])),
      mustExist: new Map(this.mustExist),
      mayExist: new Map(this.mayExist),
      opened: this.opened,
      unnamed: this.unnamed,
    }
  }
}

function boundsOf({ states, powerSafe, deathSafe, last }: Timeline): TimelineBounds {
  return { states, powerSafe, deathSafe, last }
}
