import type { EventAt } from '@varve/internal-load'

const encoder = new TextEncoder()
const statuses = Array.from({ length: 8 }, (_, i) => `s${i}`)

/** `user-000042`. */
export function keyText(n: number): string {
  return `user-${String(n).padStart(6, '0')}`
}

/** JSON orders of about 150 bytes with the key, 5 ms of event time apart, over keys drawn from a fixed seed. */
export function orderEvents(keys: number): EventAt {
  return (n) => {
    const key = below(n * 3, keys)
    const amount = below(n * 3 + 1, 100_000) / 100
    const status = statuses[below(n * 3 + 2, 8)]!
    const note = `note ${n} of ${key} in ${status} `.padEnd(60, 'x')
    return {
      key: encoder.encode(keyText(key)),
      value: encoder.encode(`{"ID":${n},"AMOUNT":${amount},"STATUS":"${status}","NOTE":"${note}"}`),
      timestamp: 1_700_000_000_000 + n * 5,
    }
  }
}

/** A number below `bound` that depends on `n` alone: the finaliser of MurmurHash3. */
function below(n: number, bound: number): number {
  let h = n + 0x9e3779b9
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) % bound
}
