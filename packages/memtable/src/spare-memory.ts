/** Memory that was in use before. */
export interface UsedMemory {
  readonly buffer: SharedArrayBuffer
  /** Bytes from the beginning that may be other than 0; they are resident. */
  readonly dirtyBytes: number
}

/**
 * Memory of memtables that nobody reads any more, for the memtables to come.
 *
 * The collector does not see how large shared memory has grown, and two threads must both have collected their end of it before it
 * goes: left to it, several memtables' worth stay resident for nothing. What is reused needs no fresh pages either.
 */
export class SpareMemory {
  readonly #maxCount: number
  readonly #spares: UsedMemory[] = []
  #sizeBytes = 0

  /** `maxCount` bounds what is kept; what is given beyond is left to the collector. */
  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  /** Resident bytes of what is kept. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Something of at least `minBytes`, which is the caller's from here on. */
  take(minBytes: number): UsedMemory | undefined {
    const at = this.#spares.findIndex(({ buffer }) => buffer.byteLength >= minBytes)
    if (at < 0) return undefined
    const [spare] = this.#spares.splice(at, 1)
    this.#sizeBytes -= spare!.dirtyBytes
    return spare
  }

  /** Nobody reads or writes it any more, in any thread. */
  give(memory: UsedMemory): void {
    if (this.#spares.length >= this.#maxCount) return
    this.#spares.push(memory)
    this.#sizeBytes += memory.dirtyBytes
  }

  clear(): void {
    this.#spares.length = 0
    this.#sizeBytes = 0
  }
}
