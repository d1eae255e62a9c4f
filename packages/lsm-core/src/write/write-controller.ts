import type { Clock } from '@varve/base'
import { computeWriteStall, DelayedWriteRate, type WriteStall as Decision } from '@varve/compaction'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { SuperVersion } from '../column-family/super-version.ts'
import type { WriteStallCondition, WriteStallInfo } from '../options/event-listener.ts'

/** How much writes are held back. */
export type WriteStall = 'none' | 'slowed' | 'stopped'

/** Memory in sealed memtables beyond which a blocking write fails instead of piling up more. */
const maxSealedBytesForBlockingWrites = 512 << 20
/** Waits that are shorter are not worth a timer: the next one makes up for them. */
const minDelayMs = 1

/** The condition of a family, good for one superversion. */
interface FamilyStall {
  readonly superVersion: SuperVersion
  readonly decision: Decision
  readonly pendingCompactionBytes: number
}

/** What a {@link WriteController} is made of. */
export interface WriteControllerOptions {
  readonly clock: Clock
  /** Bytes per second that slowed writes get at first. */
  readonly delayedWriteRate: number
  /** Told when the condition of a family changes. */
  readonly onChange?: (info: WriteStallInfo) => void
}

/**
 * Holds writes back while flush and compaction are behind, by RocksDB's triggers: too many sealed memtables, too many tables in
 * level 0, too many bytes that compactions have to move. At the first limit writes are slowed to a rate that falls as the debt
 * grows, at the second they wait.
 *
 * A family is looked at anew only when its memtables or tables have changed.
 */
export class WriteController {
  readonly #clock: Clock
  readonly #onChange: ((info: WriteStallInfo) => void) | undefined
  readonly #rate: DelayedWriteRate
  readonly #stalls = new WeakMap<ColumnFamily, FamilyStall>()
  readonly #waiters = new Set<() => void>()
  #pause: Promise<void> | undefined
  #isSlowed = false
  /** Bytes that slowed writes may still be ahead; negative: they have to wait. */
  #credit = 0
  #creditAtMs = 0

  constructor({ clock, delayedWriteRate, onChange }: WriteControllerOptions) {
    this.#clock = clock
    this.#onChange = onChange
    this.#rate = new DelayedWriteRate({ maxBytesPerSecond: delayedWriteRate })
  }

  /** Bytes per second that writes get now, 0 while they are not slowed. */
  get delayedWriteRate(): number {
    return this.#isSlowed ? this.#rate.bytesPerSecond : 0
  }

  /** Resolves when writes are not held back by {@link pause} any more; undefined when they are not. */
  get paused(): Promise<void> | undefined {
    return this.#pause
  }

  /** Holds all writes back, one holder after the other, until the function that it returns is called. */
  async pause(): Promise<() => void> {
    while (this.#pause !== undefined) await this.#pause
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#pause = promise
    return () => {
      this.#pause = undefined
      resolve()
    }
  }

  /** State over all families. */
  stallOf(families: Iterable<ColumnFamily>): WriteStall {
    let stall: WriteStall = 'none'
    for (const family of families) {
      const { kind } = this.#stallOf(family).decision
      if (kind === 'stop') stall = 'stopped'
      else if (kind === 'slowdown' && stall === 'none') stall = 'slowed'
    }
    return stall
  }

  /** Bytes that compactions of the family have to move until nothing is due. */
  pendingCompactionBytes(family: ColumnFamily): number {
    return this.#stallOf(family).pendingCompactionBytes
  }

  /**
   * Resolves when the next write may go on, or should be looked at again; undefined: at once. What is then written is told with
   * {@link noteWritten}.
   */
  holdBack(families: Iterable<ColumnFamily>): Promise<void> | undefined {
    const stall = this.stallOf(families)
    if (stall === 'stopped') {
      return new Promise((resolve) => {
        this.#waiters.add(resolve)
      })
    }
    if (stall === 'none') {
      if (this.#isSlowed) {
        this.#isSlowed = false
        this.#rate.recover()
      }
      return undefined
    }
    const nowMs = this.#clock.monotonicMs()
    if (!this.#isSlowed) {
      this.#isSlowed = true
      this.#credit = 0
      this.#creditAtMs = nowMs
    }
    const perMs = this.#rate.bytesPerSecond / 1000
    // Credit does not pile up while nobody writes.
    this.#credit = Math.min(perMs, this.#credit + (nowMs - this.#creditAtMs) * perMs)
    this.#creditAtMs = nowMs
    const delayMs = -this.#credit / perMs
    if (delayMs < minDelayMs) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => {
      timer.cancel()
      this.#waiters.delete(wake)
      resolve()
    }
    const timer = this.#clock.setTimer(wake, Math.ceil(delayMs))
    // A release ends the wait as well: perhaps nothing is slowed any more.
    this.#waiters.add(wake)
    return promise
  }

  /** Slowed writes pay for what they wrote. */
  noteWritten(bytes: number): void {
    if (this.#isSlowed) this.#credit -= bytes
  }

  /** Whether a blocking write, which cannot wait, would pile up too much. */
  isTooFarBehind(families: Iterable<ColumnFamily>): boolean {
    let sealedBytes = 0
    for (const { immutables } of families) {
      for (const { memtable } of immutables) sealedBytes += memtable.approximateMemoryBytes
    }
    return sealedBytes > maxSealedBytesForBlockingWrites
  }

  /** Lets the writes that wait look again. */
  release(): void {
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const wake of waiters) wake()
  }

  #stallOf(family: ColumnFamily): FamilyStall {
    const known = this.#stalls.get(family)
    const { superVersion } = family
    if (known?.superVersion === superVersion) return known
    const { options } = family
    const pendingCompactionBytes = family.compactionPicker.pendingCompactionBytes(
      superVersion.version,
    )
    const isAutomatic = !options.disableAutoCompactions
    const level0Files =
      options.compactionStyle === 'universal'
        ? sortedRuns(superVersion)
        : (superVersion.version.levels[0]?.length ?? 0)
    const decision = computeWriteStall(
      {
        memtables: family.immutables.length + 1,
        level0Files: isAutomatic ? level0Files : 0,
        pendingCompactionBytes: isAutomatic ? pendingCompactionBytes : 0,
      },
      options,
    )
    const stall = { superVersion, decision, pendingCompactionBytes }
    this.#stalls.set(family, stall)
    if (decision.kind !== 'none') {
      const nearStop = decision.kind === 'stop' || decision.nearStop === true
      this.#rate.adjust({ pendingCompactionBytes, nearStop })
    }
    this.#report(family, known?.decision, decision)
    return stall
  }

  #report(family: ColumnFamily, before: Decision | undefined, now: Decision): void {
    const previous = conditionOf(before)
    const condition = conditionOf(now)
    if (condition === previous) return
    this.#onChange?.({
      columnFamilyName: family.name,
      condition,
      previous,
      ...(now.kind === 'none' ? {} : { cause: now.cause }),
    })
  }
}

function conditionOf(decision: Decision | undefined): WriteStallCondition {
  if (decision === undefined || decision.kind === 'none') return 'normal'
  return decision.kind === 'stop' ? 'stopped' : 'delayed'
}

/** What a read has to look into: universal compaction counts its levels too. */
function sortedRuns({ version }: SuperVersion): number {
  return version.levels.reduce(
    (runs, files, level) => runs + (level === 0 ? files.length : files.length > 0 ? 1 : 0),
    0,
  )
}
