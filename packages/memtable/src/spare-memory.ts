import type { MemoryLoan } from '@varve/base'

/** Memory that was in use before. */
export interface UsedMemory {
  readonly buffer: SharedArrayBuffer
  /** Bytes from the beginning that may be other than 0; they are resident. */
  readonly dirtyBytes: number
  /** What of it others use as long as no memtable does. */
  readonly loan?: MemoryLoan | undefined
}

/** Has somebody use the first `sizeBytes` of memory, which are resident, in the same thread. */
export type LendMemory = (buffer: SharedArrayBuffer, sizeBytes: number) => MemoryLoan

/**
 * Memory of memtables that nobody reads any more, for the memtables to come.
 *
 * The collector does not see how large shared memory has grown, and two threads must both have collected their end of it before it
 * goes: left to it, several memtables' worth stay resident for nothing. What is reused needs no fresh pages either.
 *
 * Between two memtables, and as far as the second has not grown yet, others may use it: see {@link LendMemory}.
 */
export class SpareMemory {
  readonly #maxCount: number
  readonly #spares: UsedMemory[] = []
  readonly #lend: LendMemory | undefined
  readonly #loans = new Set<MemoryLoan>()
  #sizeBytes = 0
  #isClosed = false

  /** `maxCount` bounds what is kept; what is given beyond is left to the collector. */
  constructor(maxCount: number, lend?: LendMemory) {
    this.#maxCount = maxCount
    this.#lend = lend
  }

  /** Resident bytes of what is kept. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Something of at least `minBytes`, which is the caller's from here on, as far as it has reclaimed what is lent. */
  take(minBytes: number): UsedMemory | undefined {
    const at = this.#spares.findIndex(({ buffer }) => buffer.byteLength >= minBytes)
    if (at < 0) return undefined
    const [spare] = this.#spares.splice(at, 1)
    this.#sizeBytes -= spare!.dirtyBytes
    return spare
  }

  /** Nobody reads or writes it any more, in any thread. */
  give(memory: UsedMemory): void {
    this.endLoan(memory.loan)
    if (this.#isClosed || this.#spares.length >= this.#maxCount) return
    const { buffer, dirtyBytes } = memory
    const loan = this.#lend?.(buffer, dirtyBytes)
    if (loan !== undefined) this.#loans.add(loan)
    this.#spares.push({ buffer, dirtyBytes, loan })
    this.#sizeBytes += dirtyBytes
  }

  endLoan(loan: MemoryLoan | undefined): void {
    if (loan === undefined) return
    loan.end()
    this.#loans.delete(loan)
  }

  clear(): void {
    for (const { loan } of this.#spares) this.endLoan(loan)
    this.#spares.length = 0
    this.#sizeBytes = 0
  }

  /** Nothing is kept or lent from here on, of memtables that are in use neither. */
  close(): void {
    this.#isClosed = true
    this.clear()
    for (const loan of this.#loans) loan.end()
    this.#loans.clear()
  }
}
