import { formatBase64, parseBase64 } from '@varve/serde'

const utf8 = new TextDecoder('utf-8')

/** Bytes that a text stands for in an encoding: `hex`, `utf8`, `ascii` or `base64`, in any case. @throws RangeError for another encoding or text */
export function encodedToBytes(text: string, encoding: string): Uint8Array {
  switch (encoding.toLowerCase()) {
    case 'hex':
      return parseHex(text)
    case 'utf8':
      return new TextEncoder().encode(text)
    case 'ascii':
      // As Java: whatever has no code becomes a question mark.
      return Uint8Array.from([...text], (character) => {
        const code = character.codePointAt(0)!
        return code < 0x80 ? code : 0x3f
      })
    case 'base64': {
      const bytes = parseBase64(text)
      if (bytes === undefined) throw new RangeError('the text is no base64')
      return bytes
    }
    default:
      throw unknown(encoding)
  }
}

/** Bytes as a text in an encoding, hexadecimal digits small. @throws RangeError for another encoding */
export function bytesToEncoded(bytes: Uint8Array, encoding: string): string {
  switch (encoding.toLowerCase()) {
    case 'hex':
      return Buffer.from(bytes).toString('hex')
    case 'utf8':
      return utf8.decode(bytes)
    case 'ascii':
      return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : '\uFFFD')).join(
        '',
      )
    case 'base64':
      return formatBase64(bytes)
    default:
      throw unknown(encoding)
  }
}

function unknown(encoding: string): RangeError {
  return new RangeError(`unknown encoding "${encoding}": hex, utf8, ascii and base64 are known`)
}

/** Digits alone, behind `0x`, or in `x'…'`; an odd count has a zero in front. */
function parseHex(text: string): Uint8Array {
  const match = /^(?:0x([0-9a-f]*)|x'([0-9a-f]*)'|([0-9a-f]*))$/i.exec(text)
  if (match === null) throw new RangeError('the text is not hexadecimal')
  const digits = match[1] ?? match[2] ?? match[3]!
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return new Uint8Array(Buffer.from(even, 'hex'))
}
