/** A case value that cannot be written, or bytes that cannot be read, in a format. */
export class CodecError extends Error {}
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
export function encodeText(text) {
  return encoder.encode(text)
}
/** @throws CodecError when the bytes are no UTF-8 */
export function decodeText(bytes) {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CodecError('the bytes are no UTF-8 text', { cause })
  }
}
export function concatBytes(parts) {
  return new Uint8Array(Buffer.concat(parts))
}
export function encodeBase64(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
export function decodeBase64(text) {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
