import { NotOpenError, toBytes, yieldToEventLoop } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { SuperVersion } from '../column-family/super-version.ts'
import { keysTogether, lookUpTogether } from './plain-multi-lookup.ts'

/** From so many keys on it pays to ask in their order: neighbours share blocks. */
const sortFromKeys = 256
/** Longest stretch of look-ups between two turns of the event loop. */
const maxSliceMs = 4

/** What a look-up of many needs of the database. */
interface MultiGetHost {
  readonly closed: boolean
  readonly fileRemoval: { schedulePurge(): void }
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
  /** Places of the keys that a cache of rows does not have. */
  #missing: Int32Array | undefined
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
        await yieldToEventLoop()
        if (host.closed) throw new NotOpenError('the database was closed')
        this.#run(performance.now() + maxSliceMs)
      }
      return this.#values
    } finally {
      for (const superVersion of held) superVersion.unref()
      if (!host.closed) host.fileRemoval.schedulePurge()
    }
  }

  #run(untilMs: number): void {
    const count = this.#keys.length
    while (this.#next < count) {
      const end = Math.min(count, this.#next + keysTogether)
      for (let from = this.#next; from < end;) {
        const which = this.#familyAt(from)
        let to = from + 1
        while (to < end && this.#families[this.#familyAt(to)] === this.#families[which]) to++
        this.#lookUp(this.#families[which]!, this.#superVersions[which]!, from, to)
        from = to
      }
      this.#next = end
      if (untilMs !== Number.POSITIVE_INFINITY && performance.now() >= untilMs) return
    }
  }

  /** Index of the family that the key is of which is asked for `i`-th. */
  #familyAt(i: number): number {
    return this.#families.length === 1 ? 0 : this.#order[i]!
  }

  /** The values of keys of one family, which are asked for `from`-th and on; rows that are cached need no table. */
  #lookUp(family: ColumnFamily, superVersion: SuperVersion, from: number, to: number): void {
    const keys = this.#keys
    const values = this.#values
    const rows = this.#isNow ? family.rows : undefined
    if (rows === undefined) {
      const { lookup } = family
      lookUpTogether(superVersion, lookup, keys, this.#order, from, to, this.#sequence, values)
      return
    }
    const missing = (this.#missing ??= new Int32Array(keysTogether))
    let count = 0
    for (let i = from; i < to; i++) {
      const place = this.#order[i]!
      const row = rows.get(keys[place]!)
      if (row === undefined) missing[count++] = place
      else values[place] = row
    }
    lookUpTogether(superVersion, family.lookup, keys, missing, 0, count, this.#sequence, values)
    for (let i = 0; i < count; i++) {
      const value = values[missing[i]!]
      if (value !== undefined) rows.fill(keys[missing[i]!]!, value)
    }
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
