import type { Clock } from '@varve/base'

import type { Cursor, Snapshot } from '../db/handles.ts'
import { histogram } from './histogram-names.ts'
import type { Statistics } from './statistics.ts'
import { ticker } from './ticker.ts'

/** A cursor whose moves are counted. */
export class StatisticsCursor implements Cursor {
  readonly #cursor: Cursor
  readonly #statistics: Statistics
  readonly #clock: Clock
  #closed = false

  /** `cursor` is given away. */
  constructor(cursor: Cursor, statistics: Statistics, clock: Clock) {
    this.#cursor = cursor
    this.#statistics = statistics
    this.#clock = clock
    statistics.count(ticker['rocksdb.num.iterator.created'])
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
    this.#seek((cursor) => cursor.seekToFirst())
  }

  seekToLast(): void {
    this.#seek((cursor) => cursor.seekToLast())
  }

  seek(key: string | Uint8Array): void {
    this.#seek((cursor) => cursor.seek(key))
  }

  seekForPrev(key: string | Uint8Array): void {
    this.#seek((cursor) => cursor.seekForPrev(key))
  }

  next(): void {
    this.#cursor.next()
    this.#statistics.count(ticker['rocksdb.number.db.next'])
    this.#found(ticker['rocksdb.number.db.next.found'])
  }

  prev(): void {
    this.#cursor.prev()
    this.#statistics.count(ticker['rocksdb.number.db.prev'])
    this.#found(ticker['rocksdb.number.db.prev.found'])
  }

  refresh(snapshot?: Snapshot): void {
    this.#cursor.refresh(snapshot)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#statistics.count(ticker['rocksdb.num.iterator.deleted'])
    this.#cursor.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #seek(move: (cursor: Cursor) => void): void {
    const startMs = this.#clock.monotonicMs()
    move(this.#cursor)
    const micros = (this.#clock.monotonicMs() - startMs) * 1000
    this.#statistics.measure(histogram['rocksdb.db.seek.micros'], micros)
    this.#statistics.count(ticker['rocksdb.number.db.seek'])
    this.#found(ticker['rocksdb.number.db.seek.found'])
  }

  #found(at: number): void {
    if (!this.#cursor.valid) return
    this.#statistics.count(at)
    const bytes = this.#cursor.key.length + this.#cursor.value.length
    this.#statistics.count(ticker['rocksdb.db.iter.bytes.read'], bytes)
  }
}
