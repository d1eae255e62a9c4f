/** High 32 bits of the product of two 32-bit numbers, exact. */
export function multiplyHigh32(a: number, b: number): number {
  const al = a & 0xffff
  const ah = a >>> 16
  const bl = b & 0xffff
  const bh = b >>> 16
  const middle = ah * bl + ((al * bl) >>> 16)
  const cross = al * bh + (middle & 0xffff)
  return (ah * bh + Math.floor(middle / 0x1_0000) + Math.floor(cross / 0x1_0000)) >>> 0
}
