import type { PrefixExtractor } from '@varve/base'

import { buildFastLocalBloom } from './fast-local-bloom.ts'
import { FilterKeys } from './filter-keys.ts'
import { buildLegacyBloom } from './legacy-bloom.ts'
import { buildRibbon } from './ribbon-builder.ts'

/** What goes into a filter, and how it is built. */
export interface FilterOptions {
  readonly kind: 'bloom' | 'ribbon'
  /** Of a Bloom filter; a Ribbon gets the size that errs as seldom. */
  readonly bitsPerKey: number
  readonly wholeKeys: boolean
  readonly prefixExtractor: PrefixExtractor | undefined
  /** The filters of format_version below 5. */
  readonly legacy: boolean
  /** Close a partition at about this size; absent: one filter for the table. */
  readonly partitionSizeBytes: number | undefined
}

/** A finished filter, or a part of one. */
export interface FilterPartition {
  /** Internal key at or after every key of the partition and before those of the next one. */
  readonly lastKey: Uint8Array
  readonly data: Uint8Array
}

/**
 * Collects the keys of a table, given in order, and builds its filter: whole keys, prefixes or both, in one piece or in
 * partitions. A user key with all its versions is in one partition.
 *
 * A prefix may be looked for at any key that has it, so where a partition ends between keys of one prefix, or right before
 * its first key, both sides know it: a seek that lands in the partition before finds it there, a backward one behind.
 */
export class FilterBuilder {
  readonly #options: FilterOptions
  readonly #keys: FilterKeys
  readonly #partitionKeys: number
  readonly #partitions: FilterPartition[] = []
  #finishedBytes = 0
  #finishedKeys = 0
  #last = new Uint8Array(64)
  #lastLength = 0
  #prefix = new Uint8Array(16)
  /** -1: no key had one yet. */
  #prefixLength = -1

  constructor(options: FilterOptions) {
    this.#options = options
    this.#keys = new FilterKeys(options.legacy)
    const { partitionSizeBytes, bitsPerKey } = options
    this.#partitionKeys =
      partitionSizeBytes === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(1, Math.floor((partitionSizeBytes * 8) / bitsPerKey))
  }

  /** Keys and prefixes counted, equal ones in a row once. */
  get entries(): number {
    return this.#finishedKeys + this.#keys.count
  }

  /** Size of what {@link finish} gives, roughly. */
  get sizeBytes(): number {
    const { count } = this.#keys
    if (count === 0) return this.#finishedBytes
    return this.#finishedBytes + Math.ceil((count * this.#options.bitsPerKey) / 8) + 64
  }

  /** Hot. Adds the user key of the internal key in `key`, which is borrowed for the call. */
  add(key: Uint8Array): void {
    const { wholeKeys, prefixExtractor } = this.#options
    const length = key.length - 8
    if (this.#partitionKeys !== Number.POSITIVE_INFINITY) {
      if (this.#keys.count >= this.#partitionKeys && !this.#isLastUserKey(key, length))
        this.#cut(key, length)
      if (this.#last.length < key.length) this.#last = new Uint8Array(key.length * 2)
      this.#last.set(key)
      this.#lastLength = key.length
    }
    if (wholeKeys) this.#keys.add(key, length)
    if (prefixExtractor !== undefined)
      this.#addPrefix(key, prefixExtractor.prefixLength(key, length))
  }

  /** All partitions in order; one when the filter is in one piece, none when there were no keys. Nothing is added afterwards. */
  finish(): readonly FilterPartition[] {
    if (this.#keys.count > 0) this.#close()
    return this.#partitions
  }

  /** Ends the partition before `next`, the first key of the next one. */
  #cut(next: Uint8Array, length: number): void {
    const { prefixExtractor } = this.#options
    const before = this.#prefixLength
    if (prefixExtractor !== undefined) {
      const prefixLength = prefixExtractor.prefixLength(next, length)
      if (prefixLength >= 0) this.#keys.add(next, prefixLength)
    }
    this.#close()
    if (before >= 0) this.#keys.add(this.#prefix, before)
    this.#prefixLength = -1
  }

  #close(): void {
    const data = this.#build()
    this.#finishedBytes += data.length
    this.#finishedKeys += this.#keys.count
    this.#partitions.push({ lastKey: this.#last.slice(0, this.#lastLength), data })
    this.#keys.clear()
  }

  #build(): Uint8Array {
    const { kind, legacy, bitsPerKey } = this.#options
    if (legacy) return buildLegacyBloom(this.#keys, bitsPerKey)
    const ribbon = kind === 'ribbon' ? buildRibbon(this.#keys, bitsPerKey) : undefined
    return ribbon ?? buildFastLocalBloom(this.#keys, bitsPerKey)
  }

  /** Keys of one prefix follow each other, with whole keys between when these are added too: seen here, not by hash. */
  #addPrefix(key: Uint8Array, length: number): void {
    if (length < 0) return
    let same = length === this.#prefixLength
    for (let i = 0; same && i < length; i++) same = key[i] === this.#prefix[i]
    if (same) return
    if (this.#prefix.length < length) this.#prefix = new Uint8Array(length * 2)
    this.#prefix.set(key.subarray(0, length))
    this.#prefixLength = length
    this.#keys.add(key, length)
  }

  #isLastUserKey(key: Uint8Array, length: number): boolean {
    if (length !== this.#lastLength - 8) return false
    for (let i = length - 1; i >= 0; i--) if (key[i] !== this.#last[i]) return false
    return true
  }
}
