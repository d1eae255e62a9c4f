import type { Clock } from '@varve/base'
import { computeWriteStall } from '@varve/compaction'

import type { ColumnFamily } from '../column-family/column-family.ts'

/** How much writes are held back. */
export type WriteStall = 'none' | 'slowed' | 'stopped'

/** Memory in sealed memtables beyond which a blocking write fails instead of piling up more. */
const maxSealedBytesForBlockingWrites = 512 << 20
/** A slowed group of writes waits this long, so that flush and compaction gain on it. */
const slowdownMs = 1

/**
 * Holds writes back while flush and compaction are behind, by RocksDB's triggers: too many sealed memtables or level-0
 * tables stop, not quite as many slow down.
 */
export class WriteController {
  readonly #clock: Clock
  #waiters: (() => void)[] = []
  #pause: Promise<void> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
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
    for (const { immutables, options, superVersion } of families) {
      const { kind } = computeWriteStall(
        {
          memtables: immutables.length + 1,
          level0Files: options.disableAutoCompactions
            ? 0
            : (superVersion.version.levels[0]?.length ?? 0),
          pendingCompactionBytes: 0,
        },
        options,
      )
      if (kind === 'stop') return 'stopped'
      if (kind === 'slowdown') stall = 'slowed'
    }
    return stall
  }

  /** Whether a blocking write, which cannot wait, would pile up too much. */
  isTooFarBehind(families: Iterable<ColumnFamily>): boolean {
    let sealedBytes = 0
    for (const { immutables } of families) {
      for (const { memtable } of immutables) sealedBytes += memtable.approximateMemoryBytes
    }
    return sealedBytes > maxSealedBytesForBlockingWrites
  }

  /** Waits for {@link release} when stopped, a moment when slowed. */
  wait(stall: 'slowed' | 'stopped'): Promise<void> {
    if (stall === 'slowed') return this.#clock.sleep(slowdownMs)
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Lets the writes that wait look again. */
  release(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
