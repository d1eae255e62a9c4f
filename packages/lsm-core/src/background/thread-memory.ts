import type { BlockCache } from '@varve/sst-format'

/** What is resident for a thread besides its heap and its buffers: stack, event loop and code some five megabytes, the rest holes between buffers. */
const besidesBytes = 9 << 20
/** A thread that has not said yet what it takes is taken to take this. */
const initialBytes = 33 << 20
/** A thread counts for at most this part of a budget: a small one is not all for threads. */
const maxShare = 5

/** Counts what a thread keeps resident against the memory budget of whom it works for. */
export class ThreadMemory {
  #cache: BlockCache | undefined
  #sizeBytes: number = initialBytes
  #countedBytes = 0

  /** The thread works for a database with this cache. */
  workFor(cache: BlockCache): void {
    this.release()
    this.#cache = cache
    this.#countedBytes = Math.min(this.#sizeBytes, Math.floor(cache.capacityBytes / maxShare))
    cache.reserve(this.#countedBytes)
  }

  /** What heap and buffers of the thread take after a job, and keep: memory that was freed inside it is used by its next job. */
  update(heapAndBuffersBytes: number): void {
    this.#sizeBytes = heapAndBuffersBytes + besidesBytes
    if (this.#cache !== undefined) this.workFor(this.#cache)
  }

  /** The thread is gone. */
  release(): void {
    this.#cache?.reserve(-this.#countedBytes)
    this.#cache = undefined
    this.#countedBytes = 0
  }
}
