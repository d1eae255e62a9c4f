import { ByteReader, ByteWriter, CorruptionError, readFixed32 } from '@varve/base'

import type { BlockHandle } from '../block/block-handle.ts'
import type { CacheEntry } from '../cache/clock.ts'
import { createIndexSearch, type IndexSearch } from './index-heads.ts'

/** Large enough for the array of groups to stay in the processor cache. */
const slotGroupBits = 9
const slotMask = (1 << slotGroupBits) - 1

/** How the entries of a table's index blocks are coded; three properties of the file say it. */
export interface IndexCoding {
  /** Keys are user keys, without trailer. */
  readonly keyIsUserKey: boolean
  /** Handles are stored as differences; there is no value length. */
  readonly valueIsDelta: boolean
  /** Values carry the first internal key of their block after the handle. */
  readonly hasFirstKey: boolean
}

/**
 * An index block, decoded flat: separators back to back, handles in typed arrays. A search touches no varint.
 *
 * Entry i says: every key of the block at `offsets[i]` is at or below separator i, and every key of the next one above.
 */
export class IndexEntries {
  readonly count: number
  /** Separators back to back: entry i lies in `[keyEnds[i - 1], keyEnds[i])`. */
  readonly keys: Uint8Array
  readonly keyEnds: Uint32Array
  readonly offsets: Float64Array
  readonly sizes: Uint32Array
  /** By `i >>> slotGroupBits`: of a table that few read, few are made. */
  #slots: (CacheEntry | undefined)[][] | undefined
  #places: Uint32Array | undefined
  #search: IndexSearch | undefined

  /** Arrays are taken over; the last three have an element for each entry. */
  constructor(keys: Uint8Array, keyEnds: Uint32Array, offsets: Float64Array, sizes: Uint32Array) {
    this.count = offsets.length
    this.keys = keys
    this.keyEnds = keyEnds
    this.offsets = offsets
    this.sizes = sizes
  }

  /**
   * Hot. What the block cache kept of block `i` when it was met last; one that is evicted knows that it is. Saves the look-up by offset.
   */
  slot(i: number): CacheEntry | undefined {
    return this.#slots?.[i >>> slotGroupBits]?.[i & slotMask]
  }

  /** Has {@link slot} answer with `entry`. */
  setSlot(i: number, entry: CacheEntry): void {
    this.#slots ??= new Array<(CacheEntry | undefined)[]>((this.count + slotMask) >>> slotGroupBits)
    const group = (this.#slots[i >>> slotGroupBits] ??= new Array<CacheEntry | undefined>(
      slotMask + 1,
    ).fill(undefined))
    group[i & slotMask] = entry
  }

  /** Hot. Where the block cache keeps blocks compressed, two numbers for each, of which only it knows what they mean; all 0 at first. */
  get places(): Uint32Array {
    return (this.#places ??= new Uint32Array(this.count * 2))
  }

  get sizeBytes(): number {
    return this.keys.length + this.count * 40 + 128
  }

  /** What a search by bytes begins with; `keyIsUserKey` must always be the same. */
  search(keyIsUserKey: boolean): IndexSearch {
    return (this.#search ??= createIndexSearch(this.keys, this.keyEnds, keyIsUserKey ? 0 : 8))
  }

  /** View of separator `i`. */
  key(i: number): Uint8Array {
    return this.keys.subarray(i === 0 ? 0 : this.keyEnds[i - 1]!, this.keyEnds[i]!)
  }

  handle(i: number): BlockHandle {
    return { offset: this.offsets[i]!, sizeBytes: this.sizes[i]! }
  }
}

/**
 * Decodes an index block (or a partition, a top-level index, a filter's index).
 *
 * @throws CorruptionError when entries or handles do not fit
 */
export function decodeIndexBlock(
  data: Uint8Array,
  coding: IndexCoding,
  file: string,
  offset: number,
): IndexEntries {
  const damaged = (what: string): CorruptionError =>
    new CorruptionError(`damaged index block: ${what}`, { file, offset })
  if (data.length < 8) throw damaged('too short')
  // Bit 29 is a hint; the other three high bits do not occur in index blocks.
  const count = readFixed32(data, data.length - 4) & 0x0fffffff
  const entriesEnd = data.length - 4 - count * 4
  if (entriesEnd < 0) throw damaged('restart array exceeds the block')
  const reader = new ByteReader(data, { file, offset })
  reader.end = entriesEnd
  const keys = new ByteWriter(entriesEnd + 16)
  // As many as restarts, unless there are entries between these.
  let capacity = Math.max(1, count)
  let keyEnds = new Uint32Array(capacity)
  let offsets = new Float64Array(capacity)
  let sizes = new Uint32Array(capacity)
  let entries = 0
  let previousStart = 0
  let previousLength = 0
  let previousOffset = 0
  let previousSize = 0
  while (reader.remaining > 0) {
    const shared = reader.varint32()
    const unshared = reader.varint32()
    const valueLength = coding.valueIsDelta ? -1 : reader.varint32()
    if (shared > previousLength) throw damaged('shared prefix longer than the key before')
    const suffixStart = reader.position
    reader.skip(unshared)
    const valueStart = reader.position
    let blockOffset: number
    let size: number
    if (coding.valueIsDelta && shared > 0) {
      blockOffset = previousOffset + previousSize + 5
      size = previousSize + reader.signedVarint64()
    } else {
      blockOffset = reader.varint64()
      size = reader.varint64()
    }
    if (size < 0 || size > 0xffff_ffff) throw damaged('block size out of range')
    if (coding.hasFirstKey) reader.slice()
    if (valueLength >= 0) {
      if (reader.position - valueStart > valueLength) throw damaged('value too short')
      reader.skip(valueLength - (reader.position - valueStart))
    }
    const start = keys.length
    keys.reserve(shared + unshared)
    keys.bytes.copyWithin(start, previousStart, previousStart + shared)
    keys.length += shared
    keys.raw(data, suffixStart, suffixStart + unshared)
    if (!coding.keyIsUserKey && keys.length - start < 8) throw damaged('key without trailer')
    previousStart = start
    previousLength = shared + unshared
    previousOffset = blockOffset
    previousSize = size
    if (entries === capacity) {
      capacity *= 2
      keyEnds = grown(keyEnds, new Uint32Array(capacity))
      offsets = grown(offsets, new Float64Array(capacity))
      sizes = grown(sizes, new Uint32Array(capacity))
    }
    keyEnds[entries] = keys.length
    offsets[entries] = blockOffset
    sizes[entries] = size
    entries++
  }
  if (entries === capacity) return new IndexEntries(keys.toBytes(), keyEnds, offsets, sizes)
  return new IndexEntries(
    keys.toBytes(),
    keyEnds.slice(0, entries),
    offsets.slice(0, entries),
    sizes.slice(0, entries),
  )
}

function grown<T extends Uint32Array | Float64Array>(array: T, larger: T): T {
  larger.set(array)
  return larger
}
