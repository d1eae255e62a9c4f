/** Bytes of a head. */
export const headBytes = 4

/** Hot. Four bytes of `key[at, end)` as a big-endian number, zeros behind the end. */
export function headAt(key: Uint8Array, at: number, end: number): number {
  if (at + headBytes <= end)
    return ((key[at]! << 24) | (key[at + 1]! << 16) | (key[at + 2]! << 8) | key[at + 3]!) >>> 0
  let head = 0
  for (let i = 0; i < headBytes; i++) head = head * 256 + (at + i < end ? key[at + i]! : 0)
  return head
}
