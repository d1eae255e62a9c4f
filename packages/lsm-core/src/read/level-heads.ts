import { compareByteRanges, headAt, headBytes } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'

const trailerBytes = 8

/**
 * Where the tables of a sorted level end, for a search that reads neither the tables' metadata nor their keys: of each largest user key
 * the eight bytes behind those that all of them begin with, as two numbers. Order of bytes only.
 */
export class LevelHeads {
  readonly #common: Uint8Array
  readonly #heads: Uint32Array

  constructor(files: readonly FileMetadata[]) {
    // In order, so what the first and the last have in common is common to all.
    const first = files[0]!.largest
    const last = files[files.length - 1]!.largest
    const limit = Math.min(first.length, last.length) - trailerBytes
    let length = 0
    while (length < limit && first[length] === last[length]) length++
    this.#common = first.slice(0, length)
    this.#heads = new Uint32Array(files.length * 2)
    for (let i = 0; i < files.length; i++) {
      const { largest } = files[i]!
      const end = largest.length - trailerBytes
      this.#heads[i * 2] = headAt(largest, length, end)
      this.#heads[i * 2 + 1] = headAt(largest, length + headBytes, end)
    }
  }

  /** Hot. Index of the first table whose largest user key is at or after `userKey`, -1 when the heads do not tell. */
  find(userKey: Uint8Array): number {
    const common = this.#common
    const heads = this.#heads
    const { length } = common
    const count = heads.length >>> 1
    for (let i = 0; i < length; i++) {
      if (i < userKey.length && userKey[i] === common[i]) continue
      return compareByteRanges(userKey, 0, userKey.length, common, 0, length) < 0 ? 0 : count
    }
    const head = headAt(userKey, length, userKey.length)
    const tail = headAt(userKey, length + headBytes, userKey.length)
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = heads[middle * 2]!
      if (other < head || (other === head && heads[middle * 2 + 1]! < tail)) low = middle + 1
      else high = middle
    }
    return low < count && heads[low * 2] === head && heads[low * 2 + 1] === tail ? -1 : low
  }
}
