import { CorruptionError } from '@varve/base'

/** Bytes of one entry of a `.timeindex` file: timestamp i64, relative offset i32, big-endian. */
export const TIME_INDEX_ENTRY_BYTES = 12

/**
 * The time index of one segment, in memory: largest timestamp so far → last offset of the batch that holds it.
 * Entries grow in both; kept and written like {@link OffsetIndex}.
 */
export class TimeIndex {
  readonly baseOffset: number
  readonly #timestamps: number[] = []
  readonly #offsets: number[] = []

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
  }

  get count(): number {
    return this.#offsets.length
  }

  get sizeBytes(): number {
    return this.count * TIME_INDEX_ENTRY_BYTES
  }

  /** Largest timestamp in the index; `undefined` when empty. */
  get lastTimestamp(): number | undefined {
    return this.#timestamps.at(-1)
  }

  /** Offset beside {@link lastTimestamp}. */
  get lastOffset(): number | undefined {
    return this.#offsets.at(-1)
  }

  /** Adds an entry when the largest timestamp grew; else does nothing. */
  maybeAppend(timestamp: number, offset: number): void {
    const last = this.#timestamps.at(-1)
    if (last !== undefined && timestamp <= last) return
    if (last === undefined && timestamp < 0) return
    this.#timestamps.push(timestamp)
    this.#offsets.push(offset)
  }

  /** Every record at or below the answer is older than `timestamp`; the base offset when nothing is known. */
  lookup(timestamp: number): number {
    let low = 0
    let high = this.#timestamps.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#timestamps[middle]! < timestamp) low = middle + 1
      else high = middle
    }
    return low === 0 ? this.baseOffset : this.#offsets[low - 1]!
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.sizeBytes)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < this.count; i++) {
      view.setBigInt64(i * TIME_INDEX_ENTRY_BYTES, BigInt(this.#timestamps[i]!))
      view.setInt32(i * TIME_INDEX_ENTRY_BYTES + 8, this.#offsets[i]! - this.baseOffset)
    }
    return bytes
  }

  /** Reads a file's entries up to the first that is not larger than the one before (preallocated zeros). */
  static decode(bytes: Uint8Array, baseOffset: number, file: string): TimeIndex {
    const index = new TimeIndex(baseOffset)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let previousTimestamp = -1
    let previousOffset = -1
    for (let at = 0; at + TIME_INDEX_ENTRY_BYTES <= bytes.length; at += TIME_INDEX_ENTRY_BYTES) {
      const timestamp = Number(view.getBigInt64(at))
      const relative = view.getInt32(at + 8)
      if (timestamp <= previousTimestamp || relative < previousOffset) {
        if (timestamp === 0 && relative === 0) break
        // A sealed segment may repeat its last entry: harmless.
        if (timestamp === previousTimestamp && relative === previousOffset) continue
        throw new CorruptionError('time index goes backwards', { file, offset: at })
      }
      index.maybeAppend(timestamp, baseOffset + relative)
      previousTimestamp = timestamp
      previousOffset = relative
    }
    return index
  }
}
