import { copyRange, headAt, headBytes, valueTypeForSeek, writeTrailer } from '@varve/base'

import type { Block } from '../block/block.ts'
import { sampleAtOrAbove, samplePlaces, type SeekSamples } from '../block/seek-samples.ts'
import type { BlockCache } from '../cache/block-cache.ts'
import type { CacheEntry } from '../cache/clock.ts'
import type { FilterReader } from '../filter/filter-reader.ts'
import { hash64, xxph3 } from '../hash/xxh3-64.ts'
import type { IndexEntries } from '../index/index-block.ts'
import { beginSearch, endSearch, touchSearch } from '../index/index-search.ts'
import type { PointResult } from './point-result.ts'
import type { TableReader } from './table-reader.ts'

const cacheLineBytes = 64
const samplesPerCacheLine = 8
/** What a seek reads of a block: an entry of usual size, or the one behind it. */
const touchedBytes = 192

/** What the steps of a batch need of a table. @internal */
export interface LookupParts {
  /** Asks for the hash of the key. */
  readonly filter: FilterReader | undefined
  readonly index: IndexEntries
  readonly keyIsUserKey: boolean
  readonly cache: BlockCache
}

/**
 * Hot. Look-ups of several keys that take each step together: what a step reads is in another place of memory for every key, and the
 * processor waits for all of these at once, where one look-up after the other waits for a dozen, one after the other.
 *
 * A key has a slot. {@link set} puts it there; for each table that may hold it {@link mayBeIn} asks the filter, {@link search} finds the
 * blocks of all that were let pass, and {@link find} the entries. Results of a slot are good until the next {@link set} of it.
 * Only tables with {@link TableReader.lookupParts} are asked. @internal
 */
export class LookupBatch {
  readonly #targets: Uint8Array[] = []
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #parts: (LookupParts | undefined)[] = []
  /** Where in the index, first by samples, then the entry. */
  readonly #places: Int32Array
  readonly #entries: (CacheEntry | undefined)[] = []
  readonly #blocks: (Block | undefined)[] = []
  readonly #samples: (SeekSamples | undefined)[] = []
  /** What was read only to have it near, so that it is not left out. */
  touched = 0

  /** A batch of so many slots. */
  constructor(slots: number) {
    this.#high = new Uint32Array(slots)
    this.#low = new Uint32Array(slots)
    this.#places = new Int32Array(slots)
    for (let i = 0; i < slots; i++) {
      this.#targets.push(new Uint8Array(24))
      this.#parts.push(undefined)
      this.#entries.push(undefined)
      this.#blocks.push(undefined)
      this.#samples.push(undefined)
    }
  }

  /** Puts a user key into a slot; its newest version at or before `snapshot` is looked for. */
  set(slot: number, userKey: Uint8Array, snapshot: number): void {
    const { length } = userKey
    let target = this.#targets[slot]!
    if (target.length !== length + 8) target = this.#targets[slot] = new Uint8Array(length + 8)
    copyRange(userKey, 0, length, target, 0)
    writeTrailer(target, length, snapshot, valueTypeForSeek)
    xxph3(target, 0, length)
    this.#high[slot] = hash64.hi
    this.#low[slot] = hash64.lo
  }

  /** The internal key that is looked for. */
  target(slot: number): Uint8Array {
    return this.#targets[slot]!
  }

  /** Reads what {@link mayBeIn} will, for it to be near. */
  touchFilter(slot: number, parts: LookupParts): void {
    if (parts.filter !== undefined) this.touched ^= parts.filter.lineOf(this.#low[slot]!)
  }

  /** Whether the table may have the key; false is certain. After true, {@link search} includes the slot. */
  mayBeIn(slot: number, parts: LookupParts): boolean {
    const { filter } = parts
    if (filter !== undefined && !filter.mayMatchHash(this.#high[slot]!, this.#low[slot]!))
      return false
    this.#parts[slot] = parts
    return true
  }

  /** Finds the cached blocks of `slots[0, count)`, each in the table that {@link mayBeIn} was asked for last. */
  search(slots: Int32Array, count: number): void {
    const places = this.#places
    let touched = 0
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const { index, keyIsUserKey } = this.#parts[slot]!
      const place = beginSearch(index, this.#targets[slot]!, keyIsUserKey)
      places[slot] = place
      touched ^= touchSearch(index, keyIsUserKey, place)
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const { index, keyIsUserKey } = this.#parts[slot]!
      const place = endSearch(index, this.#targets[slot]!, keyIsUserKey, places[slot]!)
      places[slot] = place
      this.#entries[slot] = place < index.count ? index.slot(place) : undefined
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const entry = this.#entries[slot]
      const { cache, index } = this.#parts[slot]!
      const block = entry === undefined ? undefined : (cache.use(entry) as Block | undefined)
      this.#blocks[slot] = block
      const place = places[slot]!
      if (block === undefined && place < index.count)
        touched ^= index.places[2 * place]! ^ index.offsets[place]! ^ index.sizes[place]!
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      if (this.#blocks[slot] !== undefined) continue
      const { cache, index } = this.#parts[slot]!
      const place = places[slot]!
      if (place < index.count) touched ^= cache.touchCompressed(index.places, place)
    }
    const samples = this.#samples
    for (let i = 0; i < count; i++) {
      const block = this.#blocks[slots[i]!]
      const numbers = block?.seekSamples()
      samples[i] = numbers
      if (numbers !== undefined)
        for (let k = 0; k < numbers.length; k += samplesPerCacheLine) touched ^= numbers[k]!
      if (block !== undefined) touched ^= block.data.length
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      const numbers = samples[i]
      if (numbers === undefined) continue
      const at = placeBySamples(numbers, this.#targets[slot]!)
      const { data } = this.#blocks[slot]!
      const end = Math.min(at + touchedBytes, data.length)
      for (let k = at; k < end; k += cacheLineBytes) touched ^= data[k]!
      samples[i] = undefined
    }
    this.touched = touched
  }

  /** {@link TableReader.getSync} of the slot's key in the table that {@link search} was for. */
  find(slot: number, reader: TableReader, result: PointResult): boolean {
    const block = this.#blocks[slot]
    const target = this.#targets[slot]!
    this.#parts[slot] = undefined
    this.#entries[slot] = undefined
    this.#blocks[slot] = undefined
    return reader.getUnfiltered(target, result, block, this.#places[slot]!)
  }
}

/** Where in a block a seek by its samples begins to read, if the target has what its keys have in common; only to have it near. */
function placeBySamples(numbers: SeekSamples, target: Uint8Array): number {
  const commonLength = numbers[0]! >>> 1
  const lowest = headAt(target, commonLength, target.length - 8) * samplePlaces
  const at = sampleAtOrAbove(numbers, 1 + Math.ceil(commonLength / headBytes), lowest)
  return at < numbers.length ? numbers[at]! % samplePlaces : 0
}
