import { ByteWriter, writeFixed32 } from '@varve/base'

import { DataBlockHashIndexBuilder } from './data-block-hash-index.ts'

/** What makes a block other than the usual. */
export interface BlockBuilderOptions {
  /** Leave out what a key shares with the one before. Default true. */
  readonly useDelta?: boolean
  /** Add an index by hash with so many keys per bucket; keys are internal keys then. Default: none. */
  readonly hashRatio?: number
}

/**
 * Builds the contents of one block: entries with shared prefixes, then the restart array.
 *
 *     entry := varint32 shared, varint32 unshared, varint32 value length, key[shared ..], value
 *     block := entry*, fixed32 restart[0] … restart[r - 1], fixed32 r
 *
 * `shared` counts bytes in common with the previous key and is 0 at restart points, from where a reader can search.
 * Keys must come in order; the builder does not know the order and does not check. Reuse one builder with {@link reset}.
 */
export class BlockBuilder {
  readonly #restartInterval: number
  readonly #useDelta: boolean
  readonly #hashIndex: DataBlockHashIndexBuilder | undefined
  readonly #out: ByteWriter
  #restarts: number[] = [0]
  #sinceRestart = 0
  #lastKey = new Uint8Array(64)
  #lastKeyLength = 0
  #entries = 0

  constructor(
    restartInterval: number,
    capacityBytes: number = 4096,
    options: BlockBuilderOptions = {},
  ) {
    this.#restartInterval = restartInterval
    this.#useDelta = options.useDelta !== false
    this.#hashIndex =
      options.hashRatio === undefined ? undefined : new DataBlockHashIndexBuilder(options.hashRatio)
    this.#out = new ByteWriter(capacityBytes)
  }

  get empty(): boolean {
    return this.#entries === 0
  }

  get entries(): number {
    return this.#entries
  }

  /** Size {@link finish} would give now. */
  get sizeBytes(): number {
    return this.#out.length + this.#restarts.length * 4 + 4 + (this.#hashIndex?.sizeBytes ?? 0)
  }

  /** Copies key and value into the block. */
  add(key: Uint8Array, value: Uint8Array): void {
    const length = key.length
    let last = this.#lastKey
    let shared = 0
    if (this.#sinceRestart < this.#restartInterval) {
      const limit = this.#lastKeyLength < length ? this.#lastKeyLength : length
      if (this.#useDelta) while (shared < limit && last[shared] === key[shared]) shared++
    } else {
      this.#restarts.push(this.#out.length)
      this.#sinceRestart = 0
    }
    const out = this.#out
    out.reserve(15 + length + value.length)
    const unshared = length - shared
    if ((shared | unshared | value.length) < 128) {
      // Nearly every entry: three single bytes, without the general coding's loops.
      const at = out.length
      out.bytes[at] = shared
      out.bytes[at + 1] = unshared
      out.bytes[at + 2] = value.length
      out.length = at + 3
    } else {
      out.varint(shared).varint(unshared).varint(value.length)
    }
    out.raw(key, shared, length).raw(value)
    if (last.length < length) {
      last = new Uint8Array(length * 2)
      last.set(this.#lastKey)
      this.#lastKey = last
    }
    for (let i = shared; i < length; i++) last[i] = key[i]!
    this.#lastKeyLength = length
    this.#sinceRestart++
    this.#entries++
    this.#hashIndex?.add(key, length - 8, this.#restarts.length - 1)
  }

  /** Appends the restart array. A view borrowed until {@link reset}. */
  finish(): Uint8Array {
    const out = this.#out
    const restarts = this.#restarts
    out.reserve(restarts.length * 4 + 4)
    for (const restart of restarts) {
      writeFixed32(out.bytes, out.length, restart)
      out.length += 4
    }
    const hasHashIndex = this.#hashIndex?.write(out) === true
    out.fixed32(hasHashIndex ? (restarts.length | 0x8000_0000) >>> 0 : restarts.length)
    return out.view()
  }

  /** Empties the builder and keeps its memory. */
  reset(): void {
    this.#out.clear()
    this.#restarts = [0]
    this.#sinceRestart = 0
    this.#lastKeyLength = 0
    this.#entries = 0
    this.#hashIndex?.reset()
  }
}
