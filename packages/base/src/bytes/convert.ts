const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The empty byte string, shared; it has nothing to overwrite. */
export const emptyBytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)

/** UTF-8 bytes of `text`, owned by the caller. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** Text of UTF-8 `bytes`; ill-formed sequences become U+FFFD. Accepts views of shared memory. */
export function utf8Text(bytes: Uint8Array): string {
  return decoder.decode(
    bytes.buffer instanceof SharedArrayBuffer
      ? new Uint8Array(bytes)
      : (bytes as Uint8Array<ArrayBuffer>),
  )
}

/** One character for each of the `bytes`, which need not be text: equal bytes are equal keys of a Map. */
export function byteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** `bytes` as they are, or the UTF-8 bytes of a string. */
export function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value
}

/** A copy owned by the caller, never in shared or pooled memory. */
export function copyBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** One fresh array holding `chunks` one after the other. */
export function concatBytes(...chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const result = new Uint8Array(length)
  let position = 0
  for (const chunk of chunks) {
    result.set(chunk, position)
    position += chunk.length
  }
  return result
}

const hexDigits: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** Lower-case hexadecimal digits of `bytes`. */
export function formatHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexDigits[byte]!
  return text
}

/** Bytes of hexadecimal digits. @throws SyntaxError when `text` is not pairs of digits */
export function parseHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new SyntaxError(`not pairs of hexadecimal digits: "${text.slice(0, 40)}"`)
  }
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
