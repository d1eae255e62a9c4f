const whole = new BigUint64Array(1)
const halves = new Uint32Array(whole.buffer)
/** Which half lies first is the machine's. */
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1
const TAIL = 9

/**
 * The number that 10 to 19 digits say, without a text between. Products are split so that each is exact as a number. (Hot.)
 */
export function bigintOfDigits(bytes: Uint8Array, start: number, end: number): bigint {
  const middle = end - TAIL
  let head = 0
  for (let at = start; at < middle; at++) head = head * 10 + bytes[at]! - 0x30
  let tail = 0
  for (let at = middle; at < end; at++) tail = tail * 10 + bytes[at]! - 0x30
  const upper = Math.floor(head / 0x1_0000)
  const high = upper * 1e9
  const highRest = Math.floor(high / 0x1_0000)
  const low = (high - highRest * 0x1_0000) * 0x1_0000 + (head - upper * 0x1_0000) * 1e9 + tail
  const carry = Math.floor(low / 0x1_0000_0000)
  halves[LOW] = low - carry * 0x1_0000_0000
  halves[1 - LOW] = highRest + carry
  return whole[0]!
}
