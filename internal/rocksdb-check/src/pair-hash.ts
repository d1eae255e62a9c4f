import { createHash } from 'node:crypto'

import { writeFixed32 } from '@varve/base'

import type { ExpectedPairs } from './fixture.ts'

/** SHA-256 over pairs in order, each as fixed32 key length, key, fixed32 value length, value. */
export class PairHash {
  readonly #hash = createHash('sha256')
  readonly #length = new Uint8Array(4)
  #count = 0

  add(key: Uint8Array, value: Uint8Array): void {
    this.#count++
    for (const part of [key, value]) {
      writeFixed32(this.#length, 0, part.length)
      this.#hash.update(this.#length).update(part)
    }
  }

  finish(): ExpectedPairs {
    return { count: this.#count, sha256: this.#hash.digest('hex') }
  }
}

/** @throws Error that says how the pairs differ */
export function comparePairs(actual: ExpectedPairs, expected: ExpectedPairs, what: string): void {
  if (actual.count !== expected.count) {
    throw new Error(`${what}: ${actual.count} pairs, expected ${expected.count}`)
  }
  if (actual.sha256 !== expected.sha256) throw new Error(`${what}: the pairs differ`)
}
