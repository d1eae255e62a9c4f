/** Hot. High 32 bits of the product of two unsigned 32-bit numbers, as a signed integer: sums of such stay integers. */
export function signedMultiplyHigh32(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const u = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0
  const v = (Math.imul(a0, b1) + (u & 0xffff)) | 0
  return (Math.imul(a1, b1) + (u >>> 16) + (v >>> 16)) | 0
}

/** High 32 bits of the product of two unsigned 32-bit numbers. */
export function multiplyHigh32(a: number, b: number): number {
  return signedMultiplyHigh32(a, b) >>> 0
}
