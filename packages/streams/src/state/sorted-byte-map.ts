const chunkSizeMax = 512

/** `Buffer`'s own, called on any bytes: a `Buffer` around them would cost half as much again. */
const { latin1Slice } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string
}

/** The bytes as a string whose comparison by code units is the comparison of the bytes. */
export function byteString(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length)
}

/** An entry of a {@link SortedByteMap}. */
export interface ByteEntry<V> {
  readonly id: string
  readonly key: Uint8Array
  value: V
}

/**
 * A map from bytes to values that can also be walked in byte order.
 *
 * Point access is a hash look-up. Order is only established when somebody walks: keys added since then are put into chunks of a sorted
 * list, so a workload of point reads and writes never pays for it.
 */
export class SortedByteMap<V> {
  readonly #entries = new Map<string, ByteEntry<V>>()
  #chunks: string[][] = []
  #unsorted: string[] = []
  #version = 0

  get size(): number {
    return this.#entries.size
  }

  get(id: string): ByteEntry<V> | undefined {
    return this.#entries.get(id)
  }

  /** Sets the value; `key` is kept. */
  set(id: string, key: Uint8Array, value: V): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) {
      entry.value = value
      return
    }
    this.#entries.set(id, { id, key, value })
    this.#unsorted.push(id)
  }

  delete(id: string): boolean {
    if (!this.#entries.has(id)) return false
    this.#sort()
    this.#entries.delete(id)
    const at = this.#chunkOf(id)
    const chunk = this.#chunks[at]!
    chunk.splice(lowerBound(chunk, id), 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    this.#version++
    return true
  }

  clear(): void {
    this.#entries.clear()
    this.#chunks = []
    this.#unsorted = []
    this.#version++
  }

  /** All entries, in order of insertion. */
  values(): IterableIterator<ByteEntry<V>> {
    return this.#entries.values()
  }

  /** Entries with `gte ≤ id < lt` in order, or against it. The map may change during the walk; what was passed is not seen again. */
  *range(
    gte: string | undefined,
    lt: string | undefined,
    reverse = false,
  ): Generator<ByteEntry<V>> {
    this.#sort()
    if (reverse) {
      yield* this.#rangeReverse(gte, lt)
      return
    }
    let version = this.#version
    let chunkAt = gte === undefined ? 0 : this.#chunkOf(gte)
    let at = gte === undefined ? 0 : lowerBound(this.#chunks[chunkAt] ?? [], gte)
    for (;;) {
      const chunk = this.#chunks[chunkAt]
      if (chunk === undefined) return
      if (at >= chunk.length) {
        chunkAt++
        at = 0
        continue
      }
      const id = chunk[at]!
      if (lt !== undefined && id >= lt) return
      yield this.#entries.get(id)!
      this.#sort()
      if (version === this.#version) {
        at++
        continue
      }
      version = this.#version
      chunkAt = this.#chunkOf(id)
      const now = this.#chunks[chunkAt] ?? []
      at = lowerBound(now, id)
      if (now[at] === id) at++
    }
  }

  *#rangeReverse(gte: string | undefined, lt: string | undefined): Generator<ByteEntry<V>> {
    let upper = lt
    for (;;) {
      this.#sort()
      let chunkAt = upper === undefined ? this.#chunks.length - 1 : this.#chunkOf(upper)
      let chunk = this.#chunks[chunkAt]
      if (chunk === undefined) return
      let at = (upper === undefined ? chunk.length : lowerBound(chunk, upper)) - 1
      if (at < 0) {
        chunk = this.#chunks[--chunkAt]
        if (chunk === undefined) return
        at = chunk.length - 1
      }
      const id = chunk[at]!
      if (gte !== undefined && id < gte) return
      yield this.#entries.get(id)!
      upper = id
    }
  }

  #sort(): void {
    if (this.#unsorted.length === 0) return
    const added = this.#unsorted
    this.#unsorted = []
    this.#version++
    if (added.length > 64 && added.length * 4 > this.#entries.size) {
      const all = [...this.#entries.keys()].sort(compare)
      this.#chunks = []
      for (let i = 0; i < all.length; i += chunkSizeMax / 2) {
        this.#chunks.push(all.slice(i, i + chunkSizeMax / 2))
      }
      return
    }
    for (const id of added) {
      const at = this.#chunkOf(id)
      const chunk = this.#chunks[at]
      if (chunk === undefined) {
        this.#chunks.push([id])
        continue
      }
      chunk.splice(lowerBound(chunk, id), 0, id)
      if (chunk.length > chunkSizeMax)
        this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1))
    }
  }

  /** Index of the last chunk that begins at or before `id`; 0 when there is none. */
  #chunkOf(id: string): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#chunks[middle]![0]! <= id) low = middle
      else high = middle - 1
    }
    return low
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** First index whose element is not below `id`. */
function lowerBound(sorted: readonly string[], id: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < id) low = middle + 1
    else high = middle
  }
  return low
}
