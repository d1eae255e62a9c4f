import type { InternalIterator, InternalKeyComparator } from '@varve/base'

/**
 * Hot. Merges iterators into one in internal-key order, by a binary heap over those that are valid.
 *
 * Sources do not hold equal internal keys; if they do, the earlier source goes first. The heap is ordered for one direction
 * at a time: a step the other way positions the other sources anew around the current key.
 * Closing it closes its sources.
 */
export class MergingIterator implements InternalIterator {
  readonly #sources: readonly InternalIterator[]
  readonly #comparator: InternalKeyComparator
  /** Indexes of valid sources; the root is the current one. */
  readonly #heap: number[] = []
  /** 1 forward, -1 backward. */
  #direction: 1 | -1 = 1

  constructor(sources: readonly InternalIterator[], comparator: InternalKeyComparator) {
    this.#sources = sources
    this.#comparator = comparator
  }

  get valid(): boolean {
    return this.#heap.length > 0
  }

  get key(): Uint8Array {
    return this.#sources[this.#heap[0]!]!.key
  }

  get value(): Uint8Array {
    return this.#sources[this.#heap[0]!]!.value
  }

  seekToFirst(): void {
    for (const source of this.#sources) source.seekToFirst()
    this.#rebuild(1)
  }

  seekToLast(): void {
    for (const source of this.#sources) source.seekToLast()
    this.#rebuild(-1)
  }

  seek(target: Uint8Array): void {
    for (const source of this.#sources) source.seek(target)
    this.#rebuild(1)
  }

  seekForPrev(target: Uint8Array): void {
    for (const source of this.#sources) source.seekForPrev(target)
    this.#rebuild(-1)
  }

  next(): void {
    if (this.#direction === -1) this.#turn(1)
    const root = this.#heap[0]!
    const source = this.#sources[root]!
    source.next()
    this.#settleRoot(source)
  }

  prev(): void {
    if (this.#direction === 1) this.#turn(-1)
    const root = this.#heap[0]!
    const source = this.#sources[root]!
    source.prev()
    this.#settleRoot(source)
  }

  close(): void {
    this.#heap.length = 0
    for (const source of this.#sources) source.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Positions all other sources on the far side of the current key, so that steps in `direction` go on from it. */
  #turn(direction: 1 | -1): void {
    const current = this.#heap[0]!
    const key = new Uint8Array(this.key)
    this.#sources.forEach((source, i) => {
      if (i === current) return
      if (direction === 1) source.seek(key)
      else source.seekForPrev(key)
    })
    this.#rebuild(direction)
    // The current source is at the key itself: it is the root, unless equal keys stand in several sources.
    const at = this.#heap.indexOf(current)
    if (at > 0) {
      this.#heap[at] = this.#heap[0]!
      this.#heap[0] = current
    }
  }

  #rebuild(direction: 1 | -1): void {
    this.#direction = direction
    const heap = this.#heap
    heap.length = 0
    for (let i = 0; i < this.#sources.length; i++) if (this.#sources[i]!.valid) heap.push(i)
    for (let i = (heap.length >>> 1) - 1; i >= 0; i--) this.#siftDown(i)
  }

  #settleRoot(source: InternalIterator): void {
    const heap = this.#heap
    if (!source.valid) {
      const last = heap.pop()!
      if (heap.length === 0) return
      heap[0] = last
    }
    // One source left, the common case of a compacted database: nothing to compare.
    if (heap.length > 1) this.#siftDown(0)
  }

  /** Whether source `a` comes before source `b` in the current direction. */
  #before(a: number, b: number): boolean {
    const order = this.#comparator.compare(this.#sources[a]!.key, this.#sources[b]!.key)
    if (order === 0) return a < b
    return this.#direction === 1 ? order < 0 : order > 0
  }

  #siftDown(i: number): void {
    const heap = this.#heap
    const n = heap.length
    const moving = heap[i]!
    for (;;) {
      let child = 2 * i + 1
      if (child >= n) break
      if (child + 1 < n && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, moving)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = moving
  }
}
