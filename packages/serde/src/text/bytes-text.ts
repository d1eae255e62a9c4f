import { ownedCopy } from '@varve/base'

/** Base64 with padding. */
export function formatBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** Standard base64, padded or not, to bytes of its own; undefined for other text. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const unpadded = text.endsWith('=') ? text.replace(/=+$/, '') : text
  if (unpadded.length % 4 === 1 || (unpadded.length < text.length && text.length % 4 !== 0))
    return undefined
  return new Uint8Array(Buffer.from(unpadded, 'base64'))
}

const encoder = new TextEncoder()
let scratch = new Uint8Array(4096)

/** Up to this length a loop over ASCII takes less time than the call of the encoder. */
const shortMax = 48
/** Bytes of an array that V8 keeps on its heap. */
const onHeapMax = 64

/** UTF-8 in an array that the caller owns. `after` bytes at its end are left free for the caller. */
export function encodeText(text: string, after = 0): Uint8Array {
  const sizeMax = text.length * 3 + after
  if (sizeMax > scratch.length) {
    if (text.length > 1 << 20) {
      const encoded = encoder.encode(text)
      if (after === 0) return encoded
      const bytes = new Uint8Array(encoded.length + after)
      bytes.set(encoded)
      return bytes
    }
    scratch = new Uint8Array(sizeMax)
  }
  const length =
    text.length <= shortMax && encodeAscii(text, scratch)
      ? text.length
      : encoder.encodeInto(text, scratch).written
  const size = length + after
  // Longer arrays of their own lie off V8's heap, each with memory from the system.
  return size > onHeapMax ? ownedCopy(scratch, 0, size) : scratch.slice(0, size)
}

/** False at the first character that is not ASCII. */
function encodeAscii(text: string, bytes: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return false
    bytes[i] = code
  }
  return true
}

/** `Buffer`'s own, called on any bytes: a `Buffer` around them would double the time. */
const { utf8Slice } = Buffer.prototype as unknown as {
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string
}

/** UTF-8 to text; what is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return utf8Slice.call(bytes, 0, bytes.length)
}
