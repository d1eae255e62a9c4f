import { emptyBytes, type InternalIterator, type InternalKeyComparator } from '@varve/base'

/**
 * Hot. Merges iterators into one in internal-key order, by a binary heap over those that are valid.
 *
 * Sources do not hold equal internal keys; if they do, the earlier source goes first. The heap is ordered for one direction
 * at a time: a step the other way positions the other sources anew around the current key.
 * Closing it closes its sources.
 */
export class MergingIterator implements InternalIterator {
  valid = false
  key: Uint8Array = emptyBytes
  readonly #sources: readonly InternalIterator[]
  readonly #comparator: InternalKeyComparator
  /** Key that each source stands on, while it is valid. */
  readonly #keys: Uint8Array[]
  /** Indexes of valid sources; the root is the current one. */
  readonly #heap: number[] = []
  /** Place in the heap of the root's lesser child; 0: to be found out. Steps within one source compare with it alone. */
  #second = 0
  /** 1 forward, -1 backward. */
  #direction: 1 | -1 = 1

  constructor(sources: readonly InternalIterator[], comparator: InternalKeyComparator) {
    this.#sources = sources
    this.#comparator = comparator
    this.#keys = sources.map(() => emptyBytes)
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
    const sources = this.#sources
    for (let i = 0; i < sources.length; i++) sources[i]!.seek(target)
    this.#rebuild(1)
  }

  seekForPrev(target: Uint8Array): void {
    for (const source of this.#sources) source.seekForPrev(target)
    this.#rebuild(-1)
  }

  next(): void {
    if (this.#direction === -1) this.#turn(1)
    const source = this.#sources[this.#heap[0]!]!
    source.next()
    this.#settleRoot(source)
  }

  prev(): void {
    if (this.#direction === 1) this.#turn(-1)
    const source = this.#sources[this.#heap[0]!]!
    source.prev()
    this.#settleRoot(source)
  }

  rest(): void {
    this.#heap.length = 0
    this.valid = false
    for (const source of this.#sources) source.rest()
  }

  close(): void {
    this.#heap.length = 0
    this.valid = false
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
      this.#second = 0
      this.key = this.#keys[current]!
    }
  }

  #rebuild(direction: 1 | -1): void {
    this.#direction = direction
    const heap = this.#heap
    const sources = this.#sources
    heap.length = 0
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i]!
      if (!source.valid) continue
      this.#keys[i] = source.key
      heap.push(i)
    }
    for (let i = (heap.length >>> 1) - 1; i >= 0; i--) this.#siftDown(i)
    this.#takeRoot()
  }

  #settleRoot(source: InternalIterator): void {
    const heap = this.#heap
    if (source.valid) {
      this.#keys[heap[0]!] = source.key
    } else {
      const last = heap.pop()!
      if (heap.length > 0) heap[0] = last
      this.#second = 0
    }
    // One source left, the common case of a compacted database: nothing to compare.
    if (heap.length > 1) this.#siftRoot()
    this.#takeRoot()
  }

  #takeRoot(): void {
    const root = this.#heap[0]
    this.valid = root !== undefined
    if (root !== undefined) this.key = this.#keys[root]!
  }

  /** Whether source `a` comes before source `b` in the current direction. */
  #before(a: number, b: number): boolean {
    const order = this.#comparator.compare(this.#keys[a]!, this.#keys[b]!)
    if (order === 0) return a < b
    return this.#direction === 1 ? order < 0 : order > 0
  }

  /** {@link #siftDown} of the root, whose children have not changed since the last time. */
  #siftRoot(): void {
    const heap = this.#heap
    let second = this.#second
    if (second === 0) {
      second = heap.length > 2 && this.#before(heap[2]!, heap[1]!) ? 2 : 1
      this.#second = second
    }
    const root = heap[0]!
    if (this.#before(root, heap[second]!)) return
    heap[0] = heap[second]!
    heap[second] = root
    this.#siftDown(second)
  }

  #siftDown(i: number): void {
    this.#second = 0
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
