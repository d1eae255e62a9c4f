/** Keys of one compaction pass at most, in number and bytes; a pass ends where the map is full and the next goes on. */
const KEYS_MAX = 1_000_000
const KEY_BYTES_MAX = 64 * 1024 * 1024

/** Newest offset of each key in the part of a log that is being compacted. */
export class KeyOffsetMap {
  readonly #offsets = new Map<string, number>()
  #keyBytes = 0

  get isFull(): boolean {
    return this.#offsets.size >= KEYS_MAX || this.#keyBytes >= KEY_BYTES_MAX
  }

  /** Notes a record; offsets must grow. */
  put(key: Uint8Array, offset: number): void {
    const text = latin1(key)
    if (!this.#offsets.has(text)) this.#keyBytes += key.length
    this.#offsets.set(text, offset)
  }

  /** Whether a newer record of the key is known. */
  hasNewer(key: Uint8Array, offset: number): boolean {
    const newest = this.#offsets.get(latin1(key))
    return newest !== undefined && newest > offset
  }
}

/** Bytes as a string of the same length: strings are what a Map compares by content. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
