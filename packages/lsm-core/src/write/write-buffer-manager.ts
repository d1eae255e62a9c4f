import { InvalidOptionError } from '@varve/base'

/** A database that takes part in a {@link WriteBufferManager}. @internal */
export interface WriteBufferMember {
  /** Bytes of the largest memtable that takes writes; 0 when there is none that could be flushed. */
  readonly largestActiveBytes: number
  /** Seals that memtable, so that it is flushed. */
  flushLargest(): void
}

interface Usage {
  activeBytes: number
  totalBytes: number
}

/** Whether memtables should be flushed: those that take writes are near the bound, or all are beyond it and these are half of it. */
export function exceeds(activeBytes: number, totalBytes: number, limitBytes: number): boolean {
  if (activeBytes > limitBytes - limitBytes / 8) return true
  // What is sealed is on its way out: to seal more would only make small tables.
  return totalBytes >= limitBytes && activeBytes >= limitBytes / 2
}

/**
 * One bound for the memtables of many databases. The write that finds it exceeded has the largest memtable of all of them
 * flushed, whichever database it belongs to. By RocksDB's rule: memtables that take writes may have seven eighths of the bound;
 * when those that wait for their flush go beyond it together with them, half.
 *
 * It is no hard limit: memtables that wait for their flush count until they are in a table, and each database looks after every
 * few hundred kilobytes that it writes.
 */
export class WriteBufferManager {
  #bufferSizeBytes: number
  readonly #members = new Map<WriteBufferMember, Usage>()
  #activeBytes = 0
  #totalBytes = 0

  constructor(options: { readonly bufferSizeBytes: number }) {
    this.#bufferSizeBytes = checkSize(options.bufferSizeBytes)
  }

  get bufferSizeBytes(): number {
    return this.#bufferSizeBytes
  }

  /** Changes the bound; the next writes follow it. */
  set bufferSizeBytes(bytes: number) {
    this.#bufferSizeBytes = checkSize(bytes)
  }

  /** Memory of all memtables. */
  get memoryUsageBytes(): number {
    return this.#totalBytes
  }

  /** Memory of those that take writes. */
  get mutableMemoryUsageBytes(): number {
    return this.#activeBytes
  }

  /** Bytes that may be written until the bound is met. @internal */
  get roomBytes(): number {
    const limit = this.#bufferSizeBytes
    return Math.max(0, Math.min(limit - limit / 8 - this.#activeBytes, limit - this.#totalBytes))
  }

  /** Says what a database holds now, and has the largest memtable of all flushed when that is too much. @internal */
  update(member: WriteBufferMember, activeBytes: number, totalBytes: number): void {
    const known = this.#members.get(member) ?? { activeBytes: 0, totalBytes: 0 }
    this.#activeBytes += activeBytes - known.activeBytes
    this.#totalBytes += totalBytes - known.totalBytes
    this.#members.set(member, { activeBytes, totalBytes })
    if (!exceeds(this.#activeBytes, this.#totalBytes, this.#bufferSizeBytes)) return
    let largest: WriteBufferMember | undefined
    for (const other of this.#members.keys())
      if (other.largestActiveBytes > (largest?.largestActiveBytes ?? 0)) largest = other
    largest?.flushLargest()
  }

  /** The database closes. @internal */
  remove(member: WriteBufferMember): void {
    this.update(member, 0, 0)
    this.#members.delete(member)
  }
}

function checkSize(bytes: number): number {
  if (!(bytes >= 1024)) throw new InvalidOptionError('bufferSizeBytes', `is too small: ${bytes}`)
  return bytes
}
