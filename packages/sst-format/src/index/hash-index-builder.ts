import { ByteWriter, type PrefixExtractor } from '@varve/base'

/** The two meta blocks of an index by hash. */
export interface HashIndexBlocks {
  /** All prefixes back to back. */
  readonly prefixes: Uint8Array
  /** By prefix: varint32 its length, the first data block that has it, the number of such blocks. */
  readonly metadata: Uint8Array
}

/** Notes which data blocks hold the keys of each prefix (index type `HashSearch`). Keys come in order. */
export class HashIndexBuilder {
  readonly #extractor: PrefixExtractor
  readonly #prefixes = new ByteWriter(1024)
  readonly #metadata = new ByteWriter(1024)
  #prefix = new Uint8Array(16)
  #length = -1
  #firstBlock = 0
  #blocks = 0

  constructor(extractor: PrefixExtractor) {
    this.#extractor = extractor
  }

  /** The user key in `key[0, length)` is in data block `block`. Keys without prefix are left out. */
  add(key: Uint8Array, length: number, block: number): void {
    const prefixLength = this.#extractor.prefixLength(key, length)
    if (prefixLength < 0) return
    let same = prefixLength === this.#length
    for (let i = 0; same && i < prefixLength; i++) same = key[i] === this.#prefix[i]
    if (same) {
      this.#blocks = block - this.#firstBlock + 1
      return
    }
    this.#flush()
    if (this.#prefix.length < prefixLength) this.#prefix = new Uint8Array(prefixLength * 2)
    this.#prefix.set(key.subarray(0, prefixLength))
    this.#length = prefixLength
    this.#firstBlock = block
    this.#blocks = 1
  }

  finish(): HashIndexBlocks {
    this.#flush()
    this.#length = -1
    return { prefixes: this.#prefixes.toBytes(), metadata: this.#metadata.toBytes() }
  }

  #flush(): void {
    if (this.#length < 0) return
    this.#prefixes.raw(this.#prefix, 0, this.#length)
    this.#metadata.varint(this.#length).varint(this.#firstBlock).varint(this.#blocks)
  }
}
