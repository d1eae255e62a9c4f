import { NotOpenError, toBytes } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { SuperVersion } from '../column-family/super-version.ts'
import { lookUp } from './point-lookup.ts'

/** From so many keys on it pays to ask in their order: neighbours share blocks. */
const sortFromKeys = 256
/** Keys between two looks at the clock. */
const keysPerLook = 32
/** Longest stretch of look-ups between two turns of the event loop. */
const maxSliceMs = 4

/** A key of a look-up of many. */
interface Wanted {
  readonly family: ColumnFamily
  readonly key: Uint8Array
  readonly place: number
}

/** What a look-up of many needs of the database. */
interface MultiGetHost {
  readonly closed: boolean
  schedulePurge(): void
}

/** Looks many keys up, in one family or several, at one moment. */
export class MultiGet {
  readonly #wanted: Wanted[]
  readonly #sequence: number
  /** What each family was at that moment. */
  readonly #superVersions = new Map<ColumnFamily, SuperVersion>()
  readonly #values: (Uint8Array | undefined)[]
  #next = 0

  /** `familyOf` is asked for every place; keys are the caller's until the last value is there. */
  constructor(
    keys: readonly (string | Uint8Array)[],
    familyOf: (place: number) => ColumnFamily,
    sequence: number,
  ) {
    this.#sequence = sequence
    this.#wanted = keys.map((key, place) => ({ family: familyOf(place), key: toBytes(key), place }))
    for (const { family } of this.#wanted) this.#superVersions.set(family, family.superVersion)
    if (keys.length >= sortFromKeys) {
      this.#wanted.sort(
        (a, b) => a.family.id - b.family.id || a.family.comparator.user.compare(a.key, b.key),
      )
    }
    this.#values = Array.from({ length: keys.length })
  }

  /** All values, in the order of the keys, before it returns. */
  runSync(): (Uint8Array | undefined)[] {
    this.#run(Number.POSITIVE_INFINITY)
    return this.#values
  }

  /** All values, in the order of the keys; lets the event loop turn now and then. */
  async run(host: MultiGetHost): Promise<(Uint8Array | undefined)[]> {
    this.#run(performance.now() + maxSliceMs)
    if (this.#next === this.#wanted.length) return this.#values
    const held = [...this.#superVersions.values()].map((superVersion) => superVersion.ref())
    try {
      while (this.#next < this.#wanted.length) {
        await new Promise<void>((resolve) => {
          setImmediate(resolve)
        })
        if (host.closed) throw new NotOpenError('the database was closed')
        this.#run(performance.now() + maxSliceMs)
      }
      return this.#values
    } finally {
      for (const superVersion of held) superVersion.unref()
      if (!host.closed) host.schedulePurge()
    }
  }

  #run(untilMs: number): void {
    const wanted = this.#wanted
    while (this.#next < wanted.length) {
      const end = Math.min(wanted.length, this.#next + keysPerLook)
      for (let i = this.#next; i < end; i++) {
        const { family, key, place } = wanted[i]!
        const superVersion = this.#superVersions.get(family)!
        this.#values[place] = lookUp(superVersion, family.lookup, key, this.#sequence)
      }
      this.#next = end
      if (performance.now() >= untilMs) return
    }
  }
}
