import { actualNull } from '../compare/actual.ts'
import { CodecError, decodeText, encodeText, type SideCodec } from './side-codec.ts'

/** The whole payload is one text. */
export const delimitedCodec: SideCodec = {
  encode(value) {
    if (value === null) return null
    if (typeof value !== 'string') throw new CodecError('DELIMITED takes text')
    return encodeText(value)
  },
  decode: (bytes) => (bytes === null ? actualNull : { kind: 'string', value: decodeText(bytes) }),
}
