import { utf8Bytes, writeFixed64Big, type Random } from '@varve/base'

import { xxh3Of128Bits } from '../hash/xxh3-128.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const M64 = (1n << 64n) - 1n
const M62 = (1n << 62n) - 1n

function base36(text: string): bigint | undefined {
  let value = 0n
  for (const digit of text) {
    const d = DIGITS.indexOf(digit)
    if (d < 0) return undefined
    value = value * 36n + BigInt(d)
  }
  return value
}

/** A session id: 20 base-36 digits that no other opening of a database has. One per open. */
export function createSessionId(random: Random): string {
  const bytes = random.bytes(16)
  let upper = 0n
  let lower = 0n
  for (let i = 0; i < 8; i++) {
    upper = (upper << 8n) | BigInt(bytes[i]!)
    lower = (lower << 8n) | BigInt(bytes[8 + i]!)
  }
  if (lower === 0n) lower = 1n
  const digits = (value: bigint, width: number): string =>
    value.toString(36).toUpperCase().padStart(width, '0').slice(-width)
  const head = ((upper << 2n) | (lower >> 62n)) % 36n ** 8n
  return digits(head, 8) + digits(lower & M62, 12)
}

/**
 * The 16 bytes that identify a table in the MANIFEST, made from the identities in its properties.
 * `undefined` when these do not have the usual form; leaving the id out is legal.
 */
export function computeUniqueId(
  dbId: string,
  sessionId: string,
  originalFileNumber: number,
): Uint8Array | undefined {
  if (sessionId.length < 13 || sessionId.length > 24) return undefined
  const high = base36(sessionId.slice(0, -12))
  const low = base36(sessionId.slice(-12))
  if (high === undefined || low === undefined) return undefined
  const upper = (high >> 2n) & M64
  const lower = (low & M62) | ((high << 62n) & M64)
  const hash = xxh3Of128Bits(utf8Bytes(dbId), upper)
  if (hash === undefined) return undefined
  const id = new Uint8Array(16)
  writeFixed64Big(id, 0, lower)
  writeFixed64Big(id, 8, hash.high ^ BigInt(originalFileNumber))
  return id
}
