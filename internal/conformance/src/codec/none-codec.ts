import { actualNull } from '../compare/actual.ts'
import { CodecError, type SideCodec } from './side-codec.ts'

/** Nothing is written, and nothing may be there. */
export const noneCodec: SideCodec = {
  encode: () => null,
  decode(bytes) {
    if (bytes !== null) throw new CodecError(`${bytes.length} bytes where nothing may be written`)
    return actualNull
  },
}
