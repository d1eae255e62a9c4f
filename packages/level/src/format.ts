/** What keys and values are handed over as: text for the encoding format `utf8`, bytes for `view` and `buffer`. */
export type Formatted = string | Uint8Array

/** Name of such a form, as abstract-level spells it. */
export type FormatName = 'utf8' | 'view' | 'buffer'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** `bytes` in the form asked for. Bytes are copied unless they are `owned` by the caller already. */
export function toFormat(bytes: Uint8Array, format: FormatName, owned: boolean): Formatted {
  switch (format) {
    case 'utf8':
      // A decoder refuses shared memory, in which memtables lie.
      return decoder.decode(owned ? bytes : new Uint8Array(bytes))
    case 'view':
      return owned ? bytes : new Uint8Array(bytes)
    case 'buffer': {
      const { buffer, byteOffset, byteLength } = owned ? bytes : new Uint8Array(bytes)
      return Buffer.from(buffer, byteOffset, byteLength)
    }
  }
}

/** The bytes of a key or value in any form. */
export function toBytes(value: Formatted): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value
}
