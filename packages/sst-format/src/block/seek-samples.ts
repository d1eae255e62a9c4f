import { headAt, headBytes } from '@varve/base'

import type { Block } from './block.ts'

/** Bytes of a block for each of its samples, at least: they take a twelfth of its memory. */
export const bytesPerSample = 96
/** Place of an entry in the block: what a sample has below its head. */
export const samplePlaces = 0x10_0000

/**
 * Entries of a block at which a seek may begin, in an array that is searched without touching the block: plain doubles, which lie
 * together in V8's heap.
 *
 *     common length × 2 (plus one when every entry has its sample) | common bytes, four to a number … | samples …
 *
 * Common bytes are those that all user keys of the block begin with. A sample is the head of a user key, its four bytes behind the
 * common ones, times 2^20, plus the entry's offset. Samples ascend; the first is of the block's first entry.
 */
export type SeekSamples = readonly number[]

/**
 * Samples of a block of internal keys in the order of their bytes. Of each the key can be told from the common bytes, the head and
 * the entry itself. Undefined when the block does not lend itself to it, be it for damage, which a seek from a restart point then
 * meets.
 */
export function sampleBlock(block: Block): SeekSamples | undefined {
  const { data, entriesEnd } = block
  if (block.valuesStart >= 0 || entriesEnd === 0 || entriesEnd > samplePlaces) return undefined
  const walk = new EntryWalk(data, entriesEnd)
  let commonLength = -1
  while (walk.next()) {
    const { shared, unsharedStart } = walk
    const userLength = shared + walk.unshared - 8
    if (userLength < 0) return undefined
    if (commonLength < 0) commonLength = userLength
    else if (shared < commonLength) {
      // A restart point shares more with the key before than it says.
      const { key } = walk
      let i = shared
      const limit = userLength < commonLength ? userLength : commonLength
      while (i < limit && data[unsharedStart + i - shared] === key[i]) i++
      commonLength = i
    } else if (userLength < commonLength) {
      commonLength = userLength
    }
    walk.keep()
  }
  if (walk.damaged) return undefined
  const numbers: number[] = [commonLength * 2 + 1]
  let last = -1
  let next = 0
  walk.restart()
  while (walk.next()) {
    walk.keep()
    if (walk.at === 0) {
      for (let i = 0; i < commonLength; i += headBytes)
        numbers.push(headAt(walk.key, i, commonLength))
    }
    const userLength = walk.shared + walk.unshared - 8
    if (walk.at < next || walk.shared > Math.min(userLength, commonLength + headBytes)) {
      numbers[0] = commonLength * 2
      continue
    }
    const sample = headAt(walk.key, commonLength, userLength) * samplePlaces + walk.at
    // Keys that do not ascend are damage.
    if (sample <= last) return undefined
    last = sample
    numbers.push(sample)
    next = walk.at + bytesPerSample
  }
  // Without the room that pushing made.
  return numbers.slice()
}

/** Hot. Place in `samples`, from `first` on, of the first sample that is `lowest` or above; their number when there is none. */
export function sampleAtOrAbove(samples: SeekSamples, first: number, lowest: number): number {
  let low = first
  let high = samples.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (samples[middle]! < lowest) low = middle + 1
    else high = middle
  }
  return low
}

/** Entries of a block one by one, with what is needed of their keys. */
class EntryWalk {
  readonly #data: Uint8Array
  readonly #end: number
  /** Key of the entry that was kept last. */
  key: Uint8Array = new Uint8Array(64)
  #keyLength = 0
  at = 0
  shared = 0
  unshared = 0
  unsharedStart = 0
  damaged = false
  #next = 0

  constructor(data: Uint8Array, end: number) {
    this.#data = data
    this.#end = end
  }

  restart(): void {
    this.#next = 0
    this.#keyLength = 0
  }

  /** Reads the next entry; false at the end, or at damage. */
  next(): boolean {
    this.at = this.#next
    if (this.at >= this.#end) return false
    this.shared = this.#length()
    this.unshared = this.#length()
    const valueLength = this.#length()
    this.unsharedStart = this.#next
    this.#next += this.unshared + valueLength
    this.damaged ||= this.shared > this.#keyLength || this.#next > this.#end
    return !this.damaged
  }

  /** Makes `key` the key of this entry. */
  keep(): void {
    const length = this.shared + this.unshared
    if (length > this.key.length) {
      const longer = new Uint8Array(length * 2)
      longer.set(this.key)
      this.key = longer
    }
    const { key, shared, unsharedStart } = this
    const data = this.#data
    for (let i = shared; i < length; i++) key[i] = data[unsharedStart + i - shared]!
    this.#keyLength = length
  }

  #length(): number {
    const data = this.#data
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = data[this.#next++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    this.damaged = true
    return 0
  }
}
