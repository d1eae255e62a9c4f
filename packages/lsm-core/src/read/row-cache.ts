import { copyRange, ownedCopy, ValueType } from '@varve/base'
import { hashKey, type MemtableObserver } from '@varve/memtable'

const headerBytes = 16
const unitBytes = 8
/** Ways of a bucket of the index: two words each, together 32 bytes. */
const ways = 4
/** Ring bytes that one slot of the index stands for; rows are seldom smaller. */
const ringBytesPerSlot = 64
const maxUnits = 0xffff_ffff

/**
 * Hot. The newest values of keys, in one ring of bytes with an index by hash: a read of a row that is here costs a fraction of a
 * look-up in tables, and what memory a row takes is what it has bytes.
 *
 *     row: key length | value length | family | epoch of the family | key | value, to a multiple of 8
 *
 * Rows come in by reads of the newest state and are written anew by writes, through {@link FamilyRows}; the oldest go when the
 * ring comes around, and one that is read shortly before is put in front again. Reads at a snapshot pass the cache by.
 * A position counts 8-byte units since the beginning, so that one look says whether a row is still there.
 */
export class RowCache {
  readonly capacityBytes: number
  readonly #ring: Uint8Array
  readonly #words: Int32Array
  readonly #ringUnits: number
  /** Position plus one, and hash; 0 for none. */
  readonly #index: Int32Array
  readonly #bucketMask: number
  #head = 0

  /** `capacityBytes` bounds ring and index together. */
  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes
    let slots = 64
    while (slots * 2 * (ringBytesPerSlot + 8) <= capacityBytes) slots *= 2
    this.#index = new Int32Array(slots * 2)
    this.#bucketMask = slots / ways - 1
    this.#ringUnits = Math.max(64, Math.floor((capacityBytes - slots * 8) / unitBytes))
    const ring = new ArrayBuffer(this.#ringUnits * unitBytes)
    this.#ring = new Uint8Array(ring)
    this.#words = new Int32Array(ring)
  }

  /** A copy of the row's value that the caller owns, undefined when it is not here. */
  get(
    family: number,
    epoch: number,
    key: Uint8Array,
    start: number,
    end: number,
  ): Uint8Array<ArrayBuffer> | undefined {
    const hash = hashRow(key, start, end, family)
    const slot = this.#find(family, epoch, key, start, end, hash)
    if (slot < 0) return undefined
    const position = (this.#index[slot]! - 1) >>> 0
    const at = (position % this.#ringUnits) * unitBytes
    const valueStart = at + headerBytes + end - start
    const valueLength = this.#words[(at >>> 2) + 1]!
    const value = ownedCopy(this.#ring, valueStart, valueStart + valueLength)
    // The last eighth of its life: it was of use, so it stays.
    if (this.#head - position > this.#ringUnits - (this.#ringUnits >>> 3))
      this.#append(slot, hash, family, epoch, key, start, end, value, 0, valueLength)
    return value
  }

  /** Remembers a value. With `onlyKnown` just if the row is here already. */
  set(
    family: number,
    epoch: number,
    key: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    onlyKnown: boolean,
  ): void {
    const hash = hashRow(key, start, end, family)
    let slot = this.#find(family, epoch, key, start, end, hash)
    if (slot < 0) {
      if (onlyKnown) return
      slot = this.#victim(hash)
    } else {
      const at = (((this.#index[slot]! - 1) >>> 0) % this.#ringUnits) * unitBytes
      if (this.#words[(at >>> 2) + 1] === valueEnd - valueStart) {
        copyRange(value, valueStart, valueEnd, this.#ring, at + headerBytes + end - start)
        return
      }
      this.#index[slot] = 0
    }
    this.#append(slot, hash, family, epoch, key, start, end, value, valueStart, valueEnd)
  }

  /** Forgets a row. */
  delete(family: number, epoch: number, key: Uint8Array, start: number, end: number): void {
    const slot = this.#find(family, epoch, key, start, end, hashRow(key, start, end, family))
    if (slot >= 0) this.#index[slot] = 0
  }

  /** Slot of the row, -1 when it is not here. */
  #find(
    family: number,
    epoch: number,
    key: Uint8Array,
    start: number,
    end: number,
    hash: number,
  ): number {
    const index = this.#index
    const words = this.#words
    const ring = this.#ring
    const length = end - start
    const first = (hash & this.#bucketMask) * (ways * 2)
    for (let slot = first; slot < first + ways * 2; slot += 2) {
      if (index[slot + 1] !== hash || index[slot] === 0) continue
      const position = (index[slot]! - 1) >>> 0
      if (this.#head - position > this.#ringUnits) continue
      const at = (position % this.#ringUnits) * unitBytes
      const header = at >>> 2
      if (words[header] !== length || words[header + 2] !== family || words[header + 3] !== epoch) {
        continue
      }
      let i = 0
      while (i < length && ring[at + headerBytes + i] === key[start + i]) i++
      if (i === length) return slot
    }
    return -1
  }

  /** Slot of the bucket that is empty or holds its oldest row. */
  #victim(hash: number): number {
    const index = this.#index
    const first = (hash & this.#bucketMask) * (ways * 2)
    let victim = first
    let oldest = -1
    for (let slot = first; slot < first + ways * 2; slot += 2) {
      if (index[slot] === 0) return slot
      const age = this.#head - ((index[slot]! - 1) >>> 0)
      if (age > oldest) {
        oldest = age
        victim = slot
      }
    }
    return victim
  }

  #append(
    slot: number,
    hash: number,
    family: number,
    epoch: number,
    key: Uint8Array,
    start: number,
    end: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const length = end - start
    const valueLength = valueEnd - valueStart
    const units = Math.ceil((headerBytes + length + valueLength) / unitBytes)
    // One row must not drive out all others.
    if (units > this.#ringUnits >>> 4) {
      this.#index[slot] = 0
      return
    }
    let offset = this.#head % this.#ringUnits
    if (offset + units > this.#ringUnits) {
      this.#head += this.#ringUnits - offset
      offset = 0
    }
    if (this.#head + units >= maxUnits) {
      // Positions begin anew: those of before would be taken for fresh ones.
      this.#index.fill(0)
      this.#head = 0
      offset = 0
    }
    const at = offset * unitBytes
    const header = at >>> 2
    const words = this.#words
    words[header] = length
    words[header + 1] = valueLength
    words[header + 2] = family
    words[header + 3] = epoch
    copyRange(key, start, end, this.#ring, at + headerBytes)
    copyRange(value, valueStart, valueEnd, this.#ring, at + headerBytes + length)
    this.#index[slot] = this.#head + 1
    this.#index[slot + 1] = hash
    this.#head += units
  }
}

/** The rows of one family. Sees every entry that goes into the family's memtables. */
export class FamilyRows implements MemtableObserver {
  readonly #cache: RowCache
  readonly #family: number
  /** Rows of an earlier epoch are forgotten. */
  #epoch = 0

  constructor(cache: RowCache, family: number) {
    this.#cache = cache
    this.#family = family
  }

  get(key: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    return this.#cache.get(this.#family, this.#epoch, key, 0, key.length)
  }

  /** Remembers what a read of the newest state found. */
  fill(key: Uint8Array, value: Uint8Array): void {
    this.#cache.set(this.#family, this.#epoch, key, 0, key.length, value, 0, value.length, false)
  }

  added(
    type: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    if (type === ValueType.Value) {
      this.#cache.set(
        this.#family,
        this.#epoch,
        bytes,
        keyStart,
        keyEnd,
        bytes,
        valueStart,
        valueEnd,
        true,
      )
    } else {
      this.#cache.delete(this.#family, this.#epoch, bytes, keyStart, keyEnd)
    }
  }

  /** Forgets all rows. */
  forget(): void {
    this.#epoch = (this.#epoch + 1) | 0
  }
}

/** The same key of another family is another row. */
function hashRow(key: Uint8Array, start: number, end: number, family: number): number {
  return hashKey(key, start, end, Math.imul(family, 0x9e3779b1))
}
