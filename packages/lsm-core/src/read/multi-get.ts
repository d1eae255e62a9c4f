import { NotOpenError, toBytes } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { SuperVersion } from '../column-family/super-version.ts'
import { keysTogether, lookUpTogether } from './plain-multi-lookup.ts'
import { lookUp } from './point-lookup.ts'

/** From so many keys on it pays to ask in their order: neighbours share blocks. */
const sortFromKeys = 256
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
  readonly #keys: Uint8Array[] = []
  /** One of all keys, or that of each, and what it was at that moment. */
  readonly #families: readonly ColumnFamily[]
  readonly #superVersions: readonly SuperVersion[]
  readonly #sequence: number
  /** Places of the keys in the order they are asked for in. */
  readonly #order: Int32Array
  readonly #values: (Uint8Array | undefined)[]
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
    this.#families = families
    this.#superVersions = families.map((family) => family.superVersion)
    const count = keys.length
    this.#values = new Array<Uint8Array | undefined>(count).fill(undefined)
    const order = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      const key = keys[i]!
      this.#keys.push(typeof key === 'string' ? toBytes(key) : key)
      order[i] = i
    }
    this.#order = count < sortFromKeys ? order : this.#sorted(order)
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
    while (this.#next < count) {
      const end = Math.min(count, this.#next + keysTogether)
      const family = this.#families[0]!
      if (this.#families.length > 1 || (this.#isNow && family.rows !== undefined)) {
        for (let i = this.#next; i < end; i++) {
          const place = this.#order[i]!
          this.#values[place] = this.#look(place)
        }
      } else {
        lookUpTogether(
          this.#superVersions[0]!,
          family.lookup,
          this.#keys,
          this.#order,
          this.#next,
          end,
          this.#sequence,
          this.#values,
        )
      }
      this.#next = end
      if (untilMs !== Number.POSITIVE_INFINITY && performance.now() >= untilMs) return
    }
  }

  /** Of one key, of several families or where values of single keys are cached. */
  #look(place: number): Uint8Array | undefined {
    const key = this.#keys[place]!
    const which = this.#families.length === 1 ? 0 : place
    const family = this.#families[which]!
    const superVersion = this.#superVersions[which]!
    const rows = this.#isNow ? family.rows : undefined
    if (rows === undefined) return lookUp(superVersion, family.lookup, key, this.#sequence)
    const row = rows.get(key)
    if (row !== undefined) return row
    const value = lookUp(superVersion, family.lookup, key, this.#sequence)
    if (value !== undefined) rows.fill(key, value)
    return value
  }

  /** The places in the order of families and their keys. */
  #sorted(places: Int32Array): Int32Array {
    const keys = this.#keys
    const families = this.#families
    if (families.length === 1) {
      const { user } = families[0]!.comparator
      return places.sort((a, b) => user.compare(keys[a]!, keys[b]!))
    }
    return places.sort(
      (a, b) =>
        families[a]!.id - families[b]!.id ||
        families[a]!.comparator.user.compare(keys[a]!, keys[b]!),
    )
  }
}
