import type { Actual } from '../compare/actual.ts'
import type { Json } from '../json/json-value.ts'

/**
 * One side of a topic, as the cases see it. Shares no code with the engine's serdes: what these read wrongly or write wrongly must show.
 */
export interface SideCodec {
  /** @throws CodecError for a value that the format cannot hold */
  encode(value: Json): Uint8Array | null
  /** @throws CodecError for bytes that are not of the format */
  decode(bytes: Uint8Array | null): Actual
}

/** A case value that cannot be written, or bytes that cannot be read, in a format. */
export class CodecError extends Error {}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text)
}

/** @throws CodecError when the bytes are no UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CodecError('the bytes are no UTF-8 text', { cause })
  }
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

export function decodeBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
