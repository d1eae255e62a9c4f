import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from 'abstract-level'
import type { Cursor } from '@varve/lsm-core'

import type { EntryReader, FormattedRange } from './entry-reader.ts'
import { toFormat, type FormatName, type Formatted } from './format.ts'
import type { LevelSnapshot } from './level-snapshot.ts'
import type { VarveLevel } from './varve-level.ts'

/** Options of an iterator as abstract-level hands them over: ranges encoded, encodings replaced by their forms. */
export interface PrivateIteratorOptions extends FormattedRange {
  readonly keys: boolean
  readonly values: boolean
  readonly limit: number
  readonly keyEncoding: FormatName
  readonly valueEncoding: FormatName
  readonly snapshot?: LevelSnapshot
  readonly signal?: AbortSignal
}

type AnyLevel = VarveLevel<unknown, unknown>

/** Keys with values. */
export class LevelIterator extends AbstractIterator<AnyLevel, unknown, unknown> {
  readonly #reader: EntryReader
  readonly #pick: (cursor: Cursor) => [Formatted | undefined, Formatted | undefined]

  constructor(db: AnyLevel, options: PrivateIteratorOptions, reader: EntryReader) {
    super(db, options)
    const { keys, values, keyEncoding, valueEncoding } = options
    this.#reader = reader
    this.#pick = (cursor) => [
      keys ? toFormat(cursor.key, keyEncoding, false) : undefined,
      values ? toFormat(cursor.value, valueEncoding, false) : undefined,
    ]
  }

  async _next(): Promise<[Formatted | undefined, Formatted | undefined] | undefined> {
    return (await this.#reader.take(1, this.#pick))[0]
  }

  _nextv(size: number): Promise<[Formatted | undefined, Formatted | undefined][]> {
    return this.#reader.take(size, this.#pick)
  }

  _seek(target: Formatted): void {
    this.#reader.seek(target)
  }

  async _close(): Promise<void> {
    this.#reader.close()
  }
}

/** Keys alone. */
export class LevelKeyIterator extends AbstractKeyIterator<AnyLevel, unknown> {
  readonly #reader: EntryReader
  readonly #pick: (cursor: Cursor) => Formatted

  constructor(db: AnyLevel, options: PrivateIteratorOptions, reader: EntryReader) {
    super(db, options)
    this.#reader = reader
    this.#pick = (cursor) => toFormat(cursor.key, options.keyEncoding, false)
  }

  async _next(): Promise<Formatted | undefined> {
    return (await this.#reader.take(1, this.#pick))[0]
  }

  _nextv(size: number): Promise<Formatted[]> {
    return this.#reader.take(size, this.#pick)
  }

  _seek(target: Formatted): void {
    this.#reader.seek(target)
  }

  async _close(): Promise<void> {
    this.#reader.close()
  }
}

/** Values alone. */
export class LevelValueIterator extends AbstractValueIterator<AnyLevel, unknown, unknown> {
  readonly #reader: EntryReader
  readonly #pick: (cursor: Cursor) => Formatted

  constructor(db: AnyLevel, options: PrivateIteratorOptions, reader: EntryReader) {
    super(db, options)
    this.#reader = reader
    this.#pick = (cursor) => toFormat(cursor.value, options.valueEncoding, false)
  }

  async _next(): Promise<Formatted | undefined> {
    return (await this.#reader.take(1, this.#pick))[0]
  }

  _nextv(size: number): Promise<Formatted[]> {
    return this.#reader.take(size, this.#pick)
  }

  _seek(target: Formatted): void {
    this.#reader.seek(target)
  }

  async _close(): Promise<void> {
    this.#reader.close()
  }
}
