import { actualNull } from '../compare/actual.ts'
import { readAvro } from './avro-decode.ts'
import { writeAvro } from './avro-encode.ts'
import { readAvroSchema } from './avro-schema.ts'
import { frame, unframe } from './schema-source.ts'
import { CodecError } from './side-codec.ts'
/** Avro behind a schema id: written with the latest schema of the subject, read with the one that the bytes name. */
export function avroCodec(subject, schemas) {
  return {
    encode(value) {
      if (value === null) return null
      const latest = schemas.latest(subject)
      const out = frame(latest.id)
      writeAvro(avroOf(latest), value, out)
      return Uint8Array.from(out)
    },
    decode(bytes) {
      if (bytes === null) return actualNull
      const { id, payload } = unframe(bytes)
      return readAvro(avroOf(schemas.byId(id)), payload)
    },
  }
}
function avroOf({ type, schema, references }) {
  if (type !== 'AVRO') throw new CodecError(`the schema is of type ${type}, not AVRO`)
  return readAvroSchema(schema, references)
}
