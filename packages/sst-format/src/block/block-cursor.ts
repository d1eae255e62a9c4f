import {
  bytewiseComparator,
  copyRange,
  CorruptionError,
  headAt,
  headBytes,
  ownedBytes,
  type InternalKeyComparator,
} from '@varve/base'

import type { Block } from './block.ts'
import { sampleAtOrAbove, samplePlaces, type SeekSamples } from './seek-samples.ts'

const cacheLineBytes = 64
/** Some entries of usual size. */
const touchedBytes = 512

/**
 * Hot. A cursor over the entries of one block, reusable for any number of blocks.
 *
 * The key is rebuilt in a reused array; the value stays where it is in the block. {@link key} and {@link value} are
 * views: the key's is borrowed until the next move, the value's is good until the block's memory is used for another one.
 */
export class BlockCursor {
  /** The array the current key is rebuilt in; valid in `[0, keyLength)`. */
  keyBytes: Uint8Array = ownedBytes(64)
  keyLength = 0
  valueStart = 0
  valueEnd = 0
  valid = false
  /** What {@link touchAhead} and {@link touchBlock} read, so that it is not left out. */
  touched = 0

  #block: Block | undefined
  #data: Uint8Array = this.keyBytes
  /** Memory of the block, where a value of it was asked for: asking an array for its memory is a call. */
  #buffer: ArrayBufferLike | undefined
  #dataStart = 0
  /** Where the current entry starts, and the next one. */
  #entry = 0
  #next = 0
  #entriesEnd = 0
  /** Restart point at or before the current entry. */
  #restart = 0
  #keyView: Uint8Array = this.keyBytes
  /** Array and length that the view is of; asking the view for its buffer is a call. */
  #keyViewOf: Uint8Array = this.keyBytes
  #keyViewLength = -1
  readonly #comparator: InternalKeyComparator | undefined
  readonly #bytewise: boolean
  /** Internal keys end in a trailer of eight bytes. */
  readonly #keyLengthMin: number

  /** Without a comparator keys order as bytes (metaindex, properties) and only {@link seekToFirst} and moves are used. */
  constructor(comparator?: InternalKeyComparator) {
    this.#comparator = comparator
    this.#bytewise = comparator?.user === bytewiseComparator
    this.#keyLengthMin = comparator === undefined ? 0 : 8
  }

  /** Aims the cursor at a block; it is not valid until positioned. */
  setBlock(block: Block | undefined): void {
    this.#block = block
    this.valid = false
    if (block !== undefined) {
      if (this.#data !== block.data) {
        this.#data = block.data
        this.#buffer = undefined
      }
      this.#entriesEnd = block.entriesEnd
    }
  }

  get block(): Block | undefined {
    return this.#block
  }

  get key(): Uint8Array {
    if (this.#keyViewLength === this.keyLength && this.#keyViewOf === this.keyBytes)
      return this.#keyView
    this.#keyViewOf = this.keyBytes
    this.#keyViewLength = this.keyLength
    return (this.#keyView = this.keyBytes.subarray(0, this.keyLength))
  }

  get value(): Uint8Array {
    const start = this.valueStart
    let buffer = this.#buffer
    if (buffer === undefined) {
      buffer = this.#buffer = this.#data.buffer
      this.#dataStart = this.#data.byteOffset
    }
    return new Uint8Array(buffer, this.#dataStart + start, this.valueEnd - start)
  }

  seekToFirst(): void {
    this.#toRestart(0)
    this.next()
  }

  seekToLast(): void {
    const block = this.#block!
    this.#toRestart(block.restartCount - 1)
    this.next()
    if (!this.valid && block.restartCount > 1) this.#last(block.restartCount - 2)
    else while (this.#next < this.#entriesEnd) this.next()
  }

  /** Moves to the next entry, or past the last. */
  next(): void {
    const at = this.#next
    const end = this.#entriesEnd
    if (at >= end) {
      this.valid = false
      return
    }
    const data = this.#data
    this.#entry = at
    let p = at
    let shared = data[p++]!
    let unshared: number
    let valueLength: number
    if (shared < 128 && (unshared = data[p]!) < 128 && (valueLength = data[p + 1]!) < 128) {
      p += 2
    } else {
      p = at
      shared = this.#varint(p)
      p = this.#position
      unshared = this.#varint(p)
      p = this.#position
      valueLength = this.#varint(p)
      p = this.#position
    }
    const block = this.#block!
    if (block.valuesStart < 0) {
      const keyEnd = p + unshared
      const valueEnd = keyEnd + valueLength
      if (shared > this.keyLength || valueEnd > end) this.#damaged()
      this.valueStart = keyEnd
      this.valueEnd = valueEnd
      this.#next = valueEnd
    } else {
      p = this.#locateSeparatedValue(block, at, p, valueLength)
      if (shared > this.keyLength || p + unshared > end) this.#damaged()
      this.#next = p + unshared
    }
    const length = shared + unshared
    if (length < this.#keyLengthMin) this.#damaged()
    let key = this.keyBytes
    if (length > key.length) {
      key = new Uint8Array(length * 2)
      key.set(this.keyBytes)
      this.keyBytes = key
    }
    if (unshared <= 32) for (let k = shared; k < length; k++) key[k] = data[p++]!
    else key.set(data.subarray(p, p + unshared), shared)
    this.keyLength = length
    this.valid = true
  }

  /**
   * Reads a byte of each cache line of the entries to come: all at once instead of one after the other, as steps from entry to entry
   * have to wait for them.
   */
  touchAhead(): void {
    const data = this.#data
    const end = Math.min(this.#next + touchedBytes, this.#entriesEnd)
    let touched = 0
    for (let i = this.#next; i < end; i += cacheLineBytes) touched ^= data[i]!
    this.touched = touched
  }

  /** Moves to the entry before, or before the first. */
  prev(): void {
    const target = this.#entry
    const block = this.#block!
    if (target === 0) {
      this.valid = false
      return
    }
    // The last restart point before the entry: binary search by offset.
    let low = 0
    let high = block.restartCount - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (block.restart(middle) < target) low = middle
      else high = middle - 1
    }
    this.#toRestart(low)
    do this.next()
    while (this.valid && this.#next < target)
    // Restart points that are damaged could lead back to where it was, for ever.
    if (!this.valid || this.#entry >= target) this.#damaged()
  }

  /** Hot. Has the block's memory, be it only the page of it, come near while {@link seek} searches its samples. */
  touchBlock(): void {
    this.touched ^= this.#data[0]!
  }

  /** Moves to the first entry whose internal key is at or after `target`. */
  seek(target: Uint8Array): void {
    const block = this.#block!
    if (this.#bytewise) {
      const samples = block.seekSamples()
      if (samples !== undefined) return this.#seekBySamples(samples, target)
    }
    let low = 0
    let high = block.restartCount - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      let order = this.#bytewise ? this.#compareRestart(block, middle, target) : 0
      if (order === 0) {
        this.#toRestart(middle)
        this.next()
        order = this.valid ? this.#compare(target) : 0
      }
      if (order < 0) low = middle
      else high = middle - 1
    }
    if (this.#bytewise && block.valuesStart < 0) this.#scanBytewise(low, target)
    else this.#scan(low, target)
  }

  /** {@link seek} that touches no entry but those around the one that is sought. */
  #seekBySamples(numbers: SeekSamples, target: Uint8Array): void {
    const commonLength = numbers[0]! >>> 1
    const targetEnd = target.length - 8
    const commonEnd = commonLength < targetEnd ? commonLength : targetEnd
    let first = 1
    for (let i = 0; i < commonLength; i += headBytes) {
      const order = numbers[first++]! - headAt(target, i, commonEnd)
      if (order > 0) return this.seekToFirst()
      if (order < 0) return this.#toEnd()
    }
    if (targetEnd < commonLength) return this.seekToFirst()
    const lowest = headAt(target, commonLength, targetEnd) * samplePlaces
    let low = sampleAtOrAbove(numbers, first, lowest)
    // All before it are below the target; entries between two samples are behind the first of them.
    if ((numbers[0]! & 1) === 0 && low > first) low--
    if (low === numbers.length) return this.#toEnd()
    this.#toSample(numbers[low]!, commonLength, target)
    while (this.valid && this.#compare(target) < 0) this.next()
  }

  /** Stands on the entry of a sample; what it shares with the key before are the common bytes and the head. */
  #toSample(sample: number, commonLength: number, target: Uint8Array): void {
    const head = Math.floor(sample / samplePlaces)
    this.#next = sample - head * samplePlaces
    const headEnd = commonLength + headBytes
    if (headEnd > this.keyBytes.length) this.keyBytes = new Uint8Array(headEnd * 2)
    const key = this.keyBytes
    for (let i = 0; i < commonLength; i++) key[i] = target[i]!
    key[commonLength] = head >>> 24
    key[commonLength + 1] = head >>> 16
    key[commonLength + 2] = head >>> 8
    key[commonLength + 3] = head
    this.keyLength = headEnd
    this.next()
  }

  #toEnd(): void {
    this.valid = false
    this.#next = this.#entriesEnd
  }

  /** From a restart point to the first entry at or after `target`, key by key. */
  #scan(restart: number, target: Uint8Array): void {
    this.#toRestart(restart)
    this.next()
    while (this.valid && this.#compare(target) < 0) this.next()
  }

  /**
   * {@link #scan} that rebuilds only the key it ends at. An entry that shares more with the one before than that one with the
   * target lies before the target too, and nothing of it need be looked at; otherwise the comparison begins behind what is shared.
   */
  #scanBytewise(restart: number, target: Uint8Array): void {
    const data = this.#data
    const end = this.#entriesEnd
    const targetEnd = target.length - 8
    this.#toRestart(restart)
    let at = this.#next
    /** Bytes in which the user key before and the target's agree. */
    let matched = 0
    let userLength = 0
    while (at < end) {
      const shared = data[at]!
      const unshared = data[at + 1]!
      let valueLength = data[at + 2]!
      let keyStart = at + 3
      if (valueLength >= 128) {
        valueLength = (valueLength & 0x7f) | (data[keyStart++]! << 7)
        if (valueLength >= 128 << 7) return this.#scan(restart, target)
      }
      const valueStart = keyStart + unshared
      const valueEnd = valueStart + valueLength
      if (shared >= 128 || unshared >= 128 || shared + unshared < 8 || valueEnd > end)
        return this.#scan(restart, target)
      if (shared > matched) {
        // A user key that ends where the target goes on shares bytes of its trailer: those say nothing.
        if (matched >= userLength || matched >= targetEnd) return this.#scan(restart, target)
      } else {
        const behind = keyStart - shared
        userLength = shared + unshared - 8
        if (shared > userLength) return this.#scan(restart, target)
        const limit = userLength < targetEnd ? userLength : targetEnd
        let i = shared
        while (i < limit && data[behind + i] === target[i]) i++
        let order = i < limit ? data[behind + i]! - target[i]! : userLength - targetEnd
        if (order === 0) {
          // Trailers descend: the newer one first. Older versions may share parts of trailers.
          for (let t = 7; t >= 0 && order === 0; t--)
            order = target[targetEnd + t]! - data[behind + userLength + t]!
          if (order < 0) return this.#scan(restart, target)
        }
        if (order >= 0) {
          this.#land(at, shared, unshared, keyStart, target)
          this.valueStart = valueStart
          this.valueEnd = this.#next = valueEnd
          return
        }
        matched = i
      }
      userLength = shared + unshared - 8
      at = valueEnd
    }
    this.valid = false
    this.#next = end
  }

  /** Stands on the entry at `at`, whose shared bytes are the target's. */
  #land(at: number, shared: number, unshared: number, keyStart: number, target: Uint8Array): void {
    const length = shared + unshared
    if (length > this.keyBytes.length) this.keyBytes = new Uint8Array(length * 2)
    const key = this.keyBytes
    for (let i = 0; i < shared; i++) key[i] = target[i]!
    copyRange(this.#data, keyStart, keyStart + unshared, key, shared)
    this.keyLength = length
    this.#entry = at
    this.valid = true
  }

  /** Moves to the last entry whose internal key is at or before `target`. */
  seekForPrev(target: Uint8Array): void {
    this.seek(target)
    if (!this.valid) this.seekToLast()
    else if (this.#compare(target) > 0) this.prev()
  }

  #last(restart: number): void {
    this.#toRestart(restart)
    this.next()
    while (this.valid && this.#next < this.#entriesEnd) this.next()
  }

  #toRestart(index: number): void {
    this.#restart = index
    this.#next = this.#block!.restart(index)
    this.keyLength = 0
    this.valid = false
    this.#values = -1
  }

  /**
   * User key at a restart point against the target's, without rebuilding it: the key is whole there. 0 when they are equal or
   * the entry's lengths are not single bytes; the caller then looks closer.
   */
  #compareRestart(block: Block, index: number, target: Uint8Array): number {
    const data = this.#data
    let p = block.restart(index)
    const unshared = data[p + 1]!
    if (block.valuesStart >= 0 || data[p] !== 0 || unshared >= 128 || unshared < 8) return 0
    p += data[p + 2]! < 128 ? 3 : data[p + 3]! < 128 ? 4 : 5
    if (data[p - 1]! >= 128 || p + unshared > this.#entriesEnd) return 0
    const keyEnd = unshared - 8
    const targetEnd = target.length - 8
    const n = keyEnd < targetEnd ? keyEnd : targetEnd
    for (let i = 0; i < n; i++) {
      const difference = data[p + i]! - target[i]!
      if (difference !== 0) return difference
    }
    return keyEnd - targetEnd
  }

  /** The current key against `target`: below, equal to or above 0. */
  #compare(target: Uint8Array): number {
    if (!this.#bytewise) return this.#comparator!.compare(this.#checkedKey(), target)
    const key = this.keyBytes
    const keyEnd = this.keyLength - 8
    const targetEnd = target.length - 8
    if (keyEnd < 0) this.#damaged()
    const n = keyEnd < targetEnd ? keyEnd : targetEnd
    for (let i = 0; i < n; i++) {
      const difference = key[i]! - target[i]!
      if (difference !== 0) return difference
    }
    if (keyEnd !== targetEnd) return keyEnd - targetEnd
    // Trailers descend: the newer one first.
    for (let i = 7; i >= 0; i--) {
      const difference = target[targetEnd + i]! - key[keyEnd + i]!
      if (difference !== 0) return difference
    }
    return 0
  }

  #checkedKey(): Uint8Array {
    if (this.keyLength < 8) this.#damaged()
    return this.key
  }

  /** Position after the last varint read. */
  #position = 0

  #varint(p: number): number {
    const data = this.#data
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = data[p++]
      if (byte === undefined) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        this.#position = p
        return value
      }
    }
    this.#damaged()
  }

  /** End of the previous value when values stand apart, -1 right after a restart. */
  #values = -1

  /** Sets the value's place; returns where the key's bytes start. Only restart entries carry the offset of their value. */
  #locateSeparatedValue(block: Block, at: number, p: number, valueLength: number): number {
    let restart = this.#restart
    while (restart + 1 < block.restartCount && block.restart(restart + 1) <= at) restart++
    this.#restart = restart
    if (block.restart(restart) === at) {
      this.valueStart = block.valuesStart + this.#varint(p)
      p = this.#position
    } else {
      // A restart point that is not in the array says where no value is.
      if (this.#values < 0) this.#damaged()
      this.valueStart = this.#values
    }
    this.valueEnd = this.#values = this.valueStart + valueLength
    if (this.valueEnd > block.restarts) this.#damaged()
    return p
  }

  #damaged(): never {
    this.valid = false
    const block = this.#block!
    throw new CorruptionError('damaged entry in a block', {
      file: block.file,
      offset: block.offset,
    })
  }
}
