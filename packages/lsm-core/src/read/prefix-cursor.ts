import { toBytes, type PrefixExtractor } from '@varve/base'

import type { Cursor, Snapshot } from '../db/handles.ts'

/** A cursor that ends with the prefix of the key that was sought; of the first key met, when none was. */
export class PrefixCursor implements Cursor {
  readonly #cursor: Cursor
  readonly #extractor: PrefixExtractor
  /** Undefined while the key that was sought has no prefix: then there is no bound. */
  #prefix: Uint8Array | undefined
  #valid = false

  /** `cursor` is given away. */
  constructor(cursor: Cursor, extractor: PrefixExtractor) {
    this.#cursor = cursor
    this.#extractor = extractor
  }

  get valid(): boolean {
    return this.#valid
  }

  get key(): Uint8Array {
    return this.#cursor.key
  }

  get value(): Uint8Array {
    return this.#cursor.value
  }

  seekToFirst(): void {
    this.#cursor.seekToFirst()
    this.#stayAtKey()
  }

  seekToLast(): void {
    this.#cursor.seekToLast()
    this.#stayAtKey()
  }

  seek(key: string | Uint8Array): void {
    const target = toBytes(key)
    this.#prefix = this.#prefixOf(target)
    this.#cursor.seek(target)
    this.#check()
  }

  seekForPrev(key: string | Uint8Array): void {
    const target = toBytes(key)
    this.#prefix = this.#prefixOf(target)
    this.#cursor.seekForPrev(target)
    this.#check()
  }

  next(): void {
    if (!this.#valid) return
    this.#cursor.next()
    this.#check()
  }

  prev(): void {
    if (!this.#valid) return
    this.#cursor.prev()
    this.#check()
  }

  refresh(snapshot?: Snapshot): void {
    this.#cursor.refresh(snapshot)
    this.#valid = false
  }

  close(): void {
    this.#valid = false
    this.#cursor.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #stayAtKey(): void {
    this.#prefix = this.#cursor.valid ? this.#prefixOf(this.#cursor.key) : undefined
    this.#valid = this.#cursor.valid
  }

  #prefixOf(key: Uint8Array): Uint8Array | undefined {
    const length = this.#extractor.prefixLength(key, key.length)
    return length < 0 ? undefined : new Uint8Array(key.subarray(0, length))
  }

  #check(): void {
    this.#valid = this.#cursor.valid && this.#hasPrefix(this.#cursor.key)
  }

  #hasPrefix(key: Uint8Array): boolean {
    const prefix = this.#prefix
    if (prefix === undefined) return true
    if (this.#extractor.prefixLength(key, key.length) !== prefix.length) return false
    for (let i = prefix.length - 1; i >= 0; i--) if (key[i] !== prefix[i]) return false
    return true
  }
}
