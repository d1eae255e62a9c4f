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

/** UTF-8 in an array of its own, not a piece of a pool. */
export function encodeText(text: string): Uint8Array {
  if (text.length * 3 > scratch.length) {
    if (text.length > 1 << 20) return encoder.encode(text)
    scratch = new Uint8Array(text.length * 3)
  }
  return scratch.slice(0, encoder.encodeInto(text, scratch).written)
}

/** `Buffer`'s own, called on any bytes: a `Buffer` around them would double the time. */
const { utf8Slice } = Buffer.prototype as unknown as {
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string
}

/** UTF-8 to text; what is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return utf8Slice.call(bytes, 0, bytes.length)
}
