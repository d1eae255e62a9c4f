/** Bytes to compare with, four at a time. */
export class BytePattern {
  readonly length: number
  readonly #words: readonly number[]
  /** The last four bytes, which may overlap the words. */
  readonly #last: number
  readonly #whole: number

  readonly #few: readonly number[] | undefined

  /** Copies `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#few = bytes.length < 4 ? [...bytes] : undefined
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const words: number[] = []
    for (let at = 0; at + 4 <= bytes.length; at += 4) words.push(view.getInt32(at, true))
    this.length = bytes.length
    this.#words = words
    this.#last = bytes.length < 4 ? 0 : view.getInt32(bytes.length - 4, true)
    this.#whole = words.length * 4
  }

  /** Whether the pattern stands at `at`. (Hot.) */
  matches(view: DataView, at: number): boolean {
    const { length } = this
    if (at + length > view.byteLength) return false
    if (this.#few !== undefined) return this.#few.every((byte, i) => view.getUint8(at + i) === byte)
    const words = this.#words
    for (let i = 0; i < words.length; i++)
      if (view.getInt32(at + i * 4, true) !== words[i]) return false
    return this.#whole === length || view.getInt32(at + length - 4, true) === this.#last
  }
}
