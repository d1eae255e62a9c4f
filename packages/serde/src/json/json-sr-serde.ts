import { DeserializationError, InvalidOptionError, SerializationError } from '@varve/base'

import type { RowSerdeContext } from '../row-serde-context.ts'
import { FRAME_SIZE, frameHeader, frameSchemaId } from '../registry/frame.ts'
import { onceRegistered } from '../registry/once-registered.ts'
import type { Columns, FormatSpec } from '../schema.ts'
import type { RowSerde } from '../serde.ts'
import { decodeText, encodeText } from '../text/bytes-text.ts'
import { isWrapped } from '../wrapping.ts'
import { jsonSchemaFromColumns } from './json-schema-writer.ts'
import { createJsonBody } from './json-serde.ts'

/** JSON_SR: JSON behind a schema id in Confluent's frame. The payload carries its own shape, so reading needs no schema. */
export function createJsonSrSerde(
  spec: FormatSpec,
  columns: Columns,
  context: RowSerdeContext,
): RowSerde {
  const { registry, topic, side } = context
  if (registry === undefined)
    throw new InvalidOptionError('registry', 'the JSON_SR format needs a schema registry')
  const wrapped = isWrapped(spec, columns, side)
  const subject = `${topic}-${side}`
  const schema = jsonSchemaFromColumns(columns, wrapped)
  const body = createJsonBody(wrapped, columns, topic)
  let header: Uint8Array | undefined
  const register = async (): Promise<void> => {
    const definition =
      spec.schemaId === undefined
        ? { schemaType: 'JSON' as const, schema }
        : await registry.schemaById(spec.schemaId)
    const id = await registry.register(subject, definition)
    header = frameHeader(spec.schemaId ?? id)
  }
  return {
    serialize: (row) => {
      const text = row === null ? null : body.write(row)
      if (text === null) return null
      if (header === undefined)
        throw new SerializationError(`the schema of subject "${subject}" is not registered yet`)
      const payload = encodeText(text)
      const bytes = new Uint8Array(FRAME_SIZE + payload.length)
      bytes.set(header)
      bytes.set(payload, FRAME_SIZE)
      return bytes
    },
    deserialize: (bytes) => {
      if (bytes === null) return null
      try {
        frameSchemaId(bytes)
      } catch (error) {
        throw new DeserializationError((error as Error).message, { topic })
      }
      return body.read(decodeText(bytes.subarray(FRAME_SIZE)))
    },
    prepare: () => Promise.resolve(),
    ensureRegistered: onceRegistered(register),
  }
}
