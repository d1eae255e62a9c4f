import { readFixed32 } from '@varve/base'

import {
  fastLocalBloomHasHash,
  fastLocalBloomLine,
  fastLocalBloomMayMatch,
  fastLocalBloomPasses,
} from './fast-local-bloom.ts'
import { legacyBloomMayMatch } from './legacy-bloom.ts'
import { ribbonMayMatch, ribbonShape, type RibbonShape } from './ribbon.ts'

const TRAILER_SIZE_BYTES = 5
const NEW_BLOOM = 0xff
const RIBBON = 0xfe

const Kind = { Everything: 0, Nothing: 1, FastLocal: 2, Legacy: 3, Ribbon: 4 } as const
type Kind = (typeof Kind)[keyof typeof Kind]

/**
 * A filter block: answers whether a table may hold a user key. The last five bytes tell which kind it is; whatever is not
 * understood matches everything, which is always right, only slower.
 *
 * The answer is about entries, never about range tombstones: these are not added to filters.
 */
export class FilterReader {
  readonly #data: Uint8Array
  #kind: Kind = Kind.Everything
  #lines = 0
  #lineBytes = 0
  #probes = 0
  #ribbon: RibbonShape | undefined

  constructor(data: Uint8Array) {
    this.#data = data
    const n = data.length - TRAILER_SIZE_BYTES
    if (n <= 0) {
      this.#kind = Kind.Nothing
      return
    }
    const marker = data[n]!
    if (marker === NEW_BLOOM) {
      const probes = data[n + 2]! & 31
      const lineSizeCode = data[n + 2]! >>> 5
      if (data[n + 1] === 0 && lineSizeCode === 0 && probes > 0 && n % 64 === 0) {
        this.#kind = Kind.FastLocal
        this.#lineBytes = n
        this.#probes = probes
      }
    } else if (marker === RIBBON) {
      const blocks = data[n + 2]! | (data[n + 3]! << 8) | (data[n + 4]! << 16)
      this.#ribbon = ribbonShape(n, data[n + 1]!, blocks)
      if (this.#ribbon !== undefined) this.#kind = Kind.Ribbon
    } else if (marker >= 1 && marker <= 127) {
      const lines = readFixed32(data, n + 1)
      const lineBytes = lines === 0 ? 0 : n / lines
      if (lineBytes >= 1 && Number.isInteger(Math.log2(lineBytes))) {
        this.#kind = Kind.Legacy
        this.#lines = lines
        this.#lineBytes = lineBytes
        this.#probes = marker
      }
    }
  }

  get sizeBytes(): number {
    return this.#data.length
  }

  /** Whether {@link mayMatchHash} answers: the filter asks for nothing but the key's hash. */
  get takesHash(): boolean {
    return this.#kind === Kind.FastLocal
  }

  /** Hot. {@link mayMatch} of the key whose XXPH3 is given, where {@link takesHash}. */
  mayMatchHash(high: number, low: number): boolean {
    return fastLocalBloomHasHash(this.#data, this.#lineBytes, this.#probes, high, low)
  }

  /** Hot. {@link mayMatchHash} as 1 or 0, in the same steps whatever the answer. */
  passesHash(high: number, low: number): number {
    return fastLocalBloomPasses(this.#data, this.#lineBytes, this.#probes, high, low)
  }

  /** Hot. A byte of the line that {@link mayMatchHash} looks at, which is then near when it does. */
  lineOf(low: number): number {
    return fastLocalBloomLine(this.#data, this.#lineBytes, low)
  }

  /** Hot. Whether the user key in `bytes[0, length)` may be in the table; false is certain. */
  mayMatch(bytes: Uint8Array, length: number): boolean {
    switch (this.#kind) {
      case Kind.FastLocal:
        return fastLocalBloomMayMatch(this.#data, this.#lineBytes, this.#probes, bytes, length)
      case Kind.Legacy:
        return legacyBloomMayMatch(
          this.#data,
          this.#lines,
          this.#lineBytes,
          this.#probes,
          bytes,
          length,
        )
      case Kind.Ribbon:
        return ribbonMayMatch(this.#data, this.#ribbon!, bytes, length)
      case Kind.Nothing:
        return false
      case Kind.Everything:
        return true
    }
  }
}
