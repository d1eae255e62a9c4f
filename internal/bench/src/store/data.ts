import { createSeededRandom } from '@varve/base/testing'

export const keyBytes = 16

/** Writes key number `i` into `target`: 16 decimal digits. */
export function writeKey(target: Uint8Array, i: number): Uint8Array {
  for (let p = keyBytes - 1; p >= 0; p--) {
    const quotient = (i / 10) | 0
    target[p] = 48 + i - quotient * 10
    i = quotient
  }
  return target
}

/** 0 … count − 1 in an order drawn from a fixed seed. */
export function permutation(count: number, seed: number): Int32Array {
  const random = createSeededRandom(seed)
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1))
    const t = order[i]!
    order[i] = order[j]!
    order[j] = t
  }
  return order
}

/** Values of which half is random and half constant: what a compressor can halve. */
export function halfCompressibleValues(sizeBytes: number, count: number = 1000): Buffer[] {
  const random = createSeededRandom(7)
  return Array.from({ length: count }, () => {
    const value = Buffer.alloc(sizeBytes, 0x76)
    value.set(random.bytes(sizeBytes >> 1))
    return value
  })
}

/** Draws from 0 … n − 1 as YCSB does: zipfian with constant 0.99, the popular ones scattered over the range. */
export function zipfian(n: number, seed: number): () => number {
  const theta = 0.99
  let zeta = 0
  for (let i = 1; i <= n; i++) zeta += 1 / i ** theta
  const zeta2 = 1 + 0.5 ** theta
  const alpha = 1 / (1 - theta)
  const eta = (1 - (2 / n) ** (1 - theta)) / (1 - zeta2 / zeta)
  const random = createSeededRandom(seed)
  return () => {
    const u = random.next()
    const uz = u * zeta
    const rank =
      uz < 1 ? 0 : uz < zeta2 ? 1 : Math.min(n - 1, Math.floor(n * (eta * u - eta + 1) ** alpha))
    return (Math.imul(rank, 0x9e3779b1) >>> 0) % n
  }
}
