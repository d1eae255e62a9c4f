import { actualNull } from '../compare/actual.ts'
import { CodecError, concatBytes } from './side-codec.ts'
/** The bytes of a key followed by the window: its start, or end and start of a session. */
export function encodeWindowedKey(key, window) {
  const session = window.type === 'session'
  const suffix = new Uint8Array(session ? 16 : 8)
  const view = new DataView(suffix.buffer)
  if (session) view.setBigInt64(0, window.end)
  view.setBigInt64(session ? 8 : 0, window.start)
  return concatBytes(key === null ? [suffix] : [key, suffix])
}
/** @throws CodecError for bytes too short to hold a window */
export function decodeWindowedKey(codec, bytes, window) {
  if (bytes === null) return actualNull
  const suffixLength = window.type === 'session' ? 16 : 8
  const split = bytes.length - suffixLength
  if (split < 0) throw new CodecError(`${bytes.length} bytes are no windowed key`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const first = view.getBigInt64(split)
  return {
    kind: 'windowed',
    value: codec.decode(bytes.subarray(0, split)),
    window:
      window.type === 'session'
        ? { type: 'session', start: view.getBigInt64(split + 8), end: first }
        : { type: 'time', start: first, end: first + BigInt(window.sizeMs) },
  }
}
