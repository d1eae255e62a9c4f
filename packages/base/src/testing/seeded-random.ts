import type { Random } from '../random.ts'
import { formatHex } from '../bytes/convert.ts'

/** Randomness that repeats: the same seed gives the same sequence on every machine. */
export interface SeededRandom extends Random {
  readonly seed: number
  /** Uniform integer in [0, bound). */
  below(bound: number): number
  /** One of `items`, which is not empty. */
  pick<T>(items: readonly T[]): T
}

/** Not for secrets. Source: mulberry32 (Tommy Ettinger). */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  const bytes = (n: number): Uint8Array => {
    const result = new Uint8Array(n)
    for (let i = 0; i < n; i++) result[i] = below(256)
    return result
  }
  return {
    seed,
    next,
    below,
    bytes,
    pick: (items) => items[below(items.length)]!,
    uuid() {
      const raw = bytes(16)
      raw[6] = (raw[6]! & 0x0f) | 0x40
      raw[8] = (raw[8]! & 0x3f) | 0x80
      const hex = formatHex(raw)
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        hex.slice(12, 16),
        hex.slice(16, 20),
        hex.slice(20),
      ].join('-')
    },
  }
}
