import { createHash } from 'node:crypto'

/** Key of the n-th write: sorts by n. */
export function keyOf(n: number): string {
  return `key-${String(n).padStart(10, '0')}`
}

/** Value of the n-th write, computable by whoever checks it; 20 to 120 bytes. */
export function valueOf(n: number): string {
  const hash = createHash('sha256').update(String(n)).digest('hex')
  return hash.repeat(2).slice(0, 20 + (n % 101))
}
