import { ByteWriter } from '@varve/base'

import { BlockBuilder } from '../block/block-builder.ts'
import type { BlockHandle } from '../block/block-handle.ts'

/** How index blocks of a table are written. */
export interface IndexEncoding {
  /** Handles as differences, without value lengths: format_version 4 and later, when blocks follow each other. */
  readonly valueIsDelta: boolean
  readonly keyIsUserKey: boolean
  /** Each handle is followed by the first internal key of its block. */
  readonly hasFirstKey: boolean
  readonly restartInterval: number
}

/**
 * Entries of an index while the table is written: keys with trailer, and the blocks they lead to. Keys come when a block
 * ends, handles when it is in the file, which may be later; both in order.
 */
export class IndexEntryList {
  /** Keys with trailer, back to back. */
  readonly #keys = new ByteWriter(1024)
  readonly #keyEnds: number[] = []
  readonly #firstKeys: Uint8Array[] = []
  readonly #offsets: number[] = []
  readonly #sizes: number[] = []

  get count(): number {
    return this.#keyEnds.length
  }

  /** Estimate of what {@link encode} gives for all entries. */
  get sizeBytes(): number {
    return this.#keys.length + this.count * 12
  }

  /** Writer of the next key; {@link endKey} completes it. */
  get keyWriter(): ByteWriter {
    return this.#keys
  }

  endKey(): void {
    this.#keyEnds.push(this.#keys.length)
  }

  addFirstKey(key: Uint8Array): void {
    this.#firstKeys.push(new Uint8Array(key))
  }

  addHandle(offset: number, sizeBytes: number): void {
    this.#offsets.push(offset)
    this.#sizes.push(sizeBytes)
  }

  /** Bytes of key `i`, about what it takes in a block. */
  entrySizeBytes(i: number): number {
    return this.#keyEnds[i]! - this.#start(i) + 8 + (this.#firstKeys[i]?.length ?? 0)
  }

  /** Copy of key `i`, with trailer. */
  key(i: number): Uint8Array {
    return this.#keys.bytes.slice(this.#start(i), this.#keyEnds[i])
  }

  /** The index block of entries `[from, to)`; a fresh array. */
  encode(from: number, to: number, encoding: IndexEncoding): Uint8Array {
    return encoding.valueIsDelta
      ? this.#encodeDelta(from, to, encoding)
      : this.#encodePlain(from, to, encoding)
  }

  #start(i: number): number {
    return i === 0 ? 0 : this.#keyEnds[i - 1]!
  }

  #encodePlain(from: number, to: number, encoding: IndexEncoding): Uint8Array {
    const builder = new BlockBuilder(encoding.restartInterval, this.sizeBytes + 64)
    const value = new ByteWriter(64)
    const cut = encoding.keyIsUserKey ? 8 : 0
    for (let i = from; i < to; i++) {
      value.clear().varint(this.#offsets[i]!).varint(this.#sizes[i]!)
      if (encoding.hasFirstKey) value.slice(this.#firstKeys[i]!)
      const key = this.#keys.bytes.subarray(this.#start(i), this.#keyEnds[i]! - cut)
      builder.add(key, value.view())
    }
    return new Uint8Array(builder.finish())
  }

  #encodeDelta(from: number, to: number, encoding: IndexEncoding): Uint8Array {
    const out = new ByteWriter(1024)
    const restarts: number[] = []
    const all = this.#keys.bytes
    const cut = encoding.keyIsUserKey ? 8 : 0
    let previousStart = 0
    let previousEnd = 0
    for (let i = from; i < to; i++) {
      const start = this.#start(i)
      const end = this.#keyEnds[i]! - cut
      let shared = 0
      if ((i - from) % encoding.restartInterval === 0) {
        restarts.push(out.length)
      } else {
        const limit = Math.min(previousEnd - previousStart, end - start)
        while (shared < limit && all[previousStart + shared] === all[start + shared]) shared++
      }
      out
        .varint(shared)
        .varint(end - start - shared)
        .raw(all, start + shared, end)
      if (shared === 0) out.varint(this.#offsets[i]!).varint(this.#sizes[i]!)
      else out.signedVarint(this.#sizes[i]! - this.#sizes[i - 1]!)
      if (encoding.hasFirstKey) out.slice(this.#firstKeys[i]!)
      previousStart = start
      previousEnd = end
    }
    if (restarts.length === 0) restarts.push(0)
    for (const restart of restarts) out.fixed32(restart)
    return out.fixed32(restarts.length).toBytes()
  }
}

/** The top of an index in parts, or of a filter in parts: the last key of each part, and where it lies. */
export function encodeTopLevel(
  parts: readonly { readonly key: Uint8Array; readonly handle: BlockHandle }[],
  encoding: IndexEncoding,
): Uint8Array {
  const list = new IndexEntryList()
  for (const { key, handle } of parts) {
    list.keyWriter.raw(key)
    list.endKey()
    list.addHandle(handle.offset, handle.sizeBytes)
  }
  return list.encode(0, parts.length, { ...encoding, hasFirstKey: false })
}
