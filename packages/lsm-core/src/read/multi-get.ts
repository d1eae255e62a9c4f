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

/** What a look-up of many needs of the database. */
interface MultiGetHost {
  readonly closed: boolean
  schedulePurge(): void
  /** Keeps the state at a sequence number from being written over. */
  view(sequence: number): void
}

/** Looks many keys up, in one family or several, at one moment. */
export class MultiGet {
  readonly #keys: Uint8Array[]
  /** Family of each key, and what it was at that moment. */
  readonly #families: ColumnFamily[]
  readonly #superVersions: SuperVersion[]
  readonly #sequence: number
  /** Places of the keys in the order they are asked for in; undefined: as they come. */
  readonly #order: Int32Array | undefined
  readonly #values: (Uint8Array | undefined)[] = []
  /** The moment is now: values of single keys may come from the row cache, and go there. */
  #isNow: boolean
  #next = 0

  /**
   * `families` has one for all keys, or one for each. `isNow`: nothing was written after `sequence`. Keys are the caller's until
   * the last value is there.
   */
  constructor(
    keys: readonly (string | Uint8Array)[],
    families: readonly ColumnFamily[],
    sequence: number,
    isNow: boolean,
  ) {
    this.#sequence = sequence
    this.#isNow = isNow
    this.#keys = []
    this.#families = []
    this.#superVersions = []
    for (const [place, key] of keys.entries()) {
      const family = families[families.length === 1 ? 0 : place]!
      this.#keys.push(typeof key === 'string' ? toBytes(key) : key)
      this.#families.push(family)
      this.#superVersions.push(family.superVersion)
      this.#values.push(undefined)
    }
    this.#order = keys.length < sortFromKeys ? undefined : this.#sortedPlaces()
  }

  /** All values, in the order of the keys, before it returns. */
  runSync(): (Uint8Array | undefined)[] {
    this.#run(Number.POSITIVE_INFINITY)
    return this.#values
  }

  /** All values, in the order of the keys; lets the event loop turn now and then. */
  async run(host: MultiGetHost): Promise<(Uint8Array | undefined)[]> {
    this.#run(performance.now() + maxSliceMs)
    const count = this.#keys.length
    if (this.#next === count) return this.#values
    this.#isNow = false
    host.view(this.#sequence)
    const held = [...new Set(this.#superVersions)].map((superVersion) => superVersion.ref())
    try {
      while (this.#next < count) {
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
    const count = this.#keys.length
    const order = this.#order
    while (this.#next < count) {
      const end = Math.min(count, this.#next + keysPerLook)
      for (let i = this.#next; i < end; i++) {
        const place = order === undefined ? i : order[i]!
        this.#values[place] = this.#look(place)
      }
      this.#next = end
      if (untilMs !== Number.POSITIVE_INFINITY && performance.now() >= untilMs) return
    }
  }

  #look(place: number): Uint8Array | undefined {
    const key = this.#keys[place]!
    const family = this.#families[place]!
    const superVersion = this.#superVersions[place]!
    const rows = this.#isNow ? family.rows : undefined
    if (rows === undefined) return lookUp(superVersion, family.lookup, key, this.#sequence)
    const row = rows.get(key)
    if (row !== undefined) return row
    const value = lookUp(superVersion, family.lookup, key, this.#sequence)
    if (value !== undefined) rows.fill(key, value)
    return value
  }

  /** Places in the order of families and their keys. */
  #sortedPlaces(): Int32Array {
    const keys = this.#keys
    const families = this.#families
    return Int32Array.from(keys.keys()).sort(
      (a, b) =>
        families[a]!.id - families[b]!.id ||
        families[a]!.comparator.user.compare(keys[a]!, keys[b]!),
    )
  }
}
