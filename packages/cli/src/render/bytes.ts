/** How keys and values are shown. */
export type ByteStyle = 'text' | 'hex'

const strict = new TextDecoder('utf-8', { fatal: true })

/** Bytes as a reader can take them in: printable UTF-8 as it is, everything else as `0x…`; with `hex` always the latter. */
export function formatBytes(bytes: Uint8Array, style: ByteStyle): string {
  if (style === 'text') {
    try {
      const text = strict.decode(bytes)
      if (!/\p{Cc}/u.test(text)) return text
    } catch {
      // Not UTF-8: shown as hexadecimal digits below.
    }
  }
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex').toUpperCase()}`
}

/** The inverse for the command line: `0x…` is hexadecimal, anything else is UTF-8. */
export function parseBytes(text: string): Uint8Array {
  if (/^0x([0-9a-f]{2})*$/i.test(text)) return Uint8Array.from(Buffer.from(text.slice(2), 'hex'))
  return new TextEncoder().encode(text)
}
