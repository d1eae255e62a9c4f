import { copyBytes, UnsupportedError } from '@varve/base'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { SuperVersion } from '../column-family/super-version.ts'
import type { Cursor } from '../db/handles.ts'

/**
 * A cursor that sees what is written after it was made. Before each move it takes the present state, if there is a newer
 * one, and finds its place again. At the end it keeps the last key: `next` goes on behind it when something has come.
 */
export class TailingCursor implements Cursor {
  readonly #cursor: Cursor
  readonly #family: ColumnFamily
  readonly #lastSequence: () => number
  #superVersion: SuperVersion
  #sequence: number
  /** Key that the cursor stands on, or has left at the end. */
  #place: Uint8Array | undefined

  /** `cursor` is given away. */
  constructor(cursor: Cursor, family: ColumnFamily, lastSequence: () => number) {
    this.#cursor = cursor
    this.#family = family
    this.#lastSequence = lastSequence
    this.#superVersion = family.superVersion
    this.#sequence = lastSequence()
  }

  get valid(): boolean {
    return this.#cursor.valid
  }

  get key(): Uint8Array {
    return this.#cursor.key
  }

  get value(): Uint8Array {
    return this.#cursor.value
  }

  seekToFirst(): void {
    this.#renew()
    this.#cursor.seekToFirst()
    this.#place = undefined
  }

  seek(key: string | Uint8Array): void {
    this.#renew()
    this.#cursor.seek(key)
    this.#place = undefined
  }

  next(): void {
    const place = this.#cursor.valid ? this.#cursor.key : this.#place
    if (!this.#isStale()) {
      if (!this.#cursor.valid) return
      this.#place = copyBytes(this.#cursor.key)
      this.#cursor.next()
      return
    }
    const behind = place === undefined ? undefined : copyBytes(place)
    this.#renew()
    this.#place = behind
    if (behind === undefined) {
      // It has never stood anywhere.
      this.#cursor.seekToFirst()
      return
    }
    this.#cursor.seek(behind)
    const { comparator } = this.#family
    if (this.#cursor.valid && comparator.user.compare(this.#cursor.key, behind) === 0)
      this.#cursor.next()
  }

  seekToLast(): void {
    throw new UnsupportedError('tailing cursors that go backward')
  }

  seekForPrev(): void {
    throw new UnsupportedError('tailing cursors that go backward')
  }

  prev(): void {
    throw new UnsupportedError('tailing cursors that go backward')
  }

  refresh(): void {
    this.#renew()
  }

  close(): void {
    this.#place = undefined
    this.#cursor.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #isStale(): boolean {
    return (
      this.#sequence !== this.#lastSequence() || this.#superVersion !== this.#family.superVersion
    )
  }

  #renew(): void {
    if (!this.#isStale()) return
    this.#cursor.refresh()
    this.#superVersion = this.#family.superVersion
    this.#sequence = this.#lastSequence()
  }
}
