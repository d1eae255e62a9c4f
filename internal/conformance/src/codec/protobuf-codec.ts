import type { Columns } from '@varve/serde'
import type protobuf from 'protobufjs'

import { actualNull } from '../compare/actual.ts'
import { readProtobuf } from './protobuf-decode.ts'
import { writeProtobuf } from './protobuf-encode.ts'
import { messageIndex, readProtobufFile, type ProtobufFile } from './protobuf-file.ts'
import { protobufTextOfColumns, type Nullable } from './protobuf-schema-text.ts'
import { frame, unframe, type LoadedSchema, type SchemaSource } from './schema-source.ts'
import { CodecError, concatBytes, type SideCodec } from './side-codec.ts'

/** A message behind a schema id and its place in the file. Messages that are nested in others are not at the root of any record. */
export function protobufCodec(
  subject: string,
  schemas: SchemaSource,
  fullName: string | undefined,
): SideCodec {
  return {
    encode(value) {
      if (value === null) return null
      const latest = schemas.latest(subject)
      const file = fileOf(latest)
      const index = messageIndex(file, fullName)
      // Zigzag: a path of one number; the first message is short for it.
      const path = index === 0 ? [0] : [2, index * 2]
      const head = Uint8Array.from([...frame(latest.id), ...path])
      return concatBytes([head, writeProtobuf(file.messages[index]!, value)])
    },
    decode(bytes) {
      if (bytes === null) return actualNull
      const { id, payload } = unframe(bytes)
      const { messages } = fileOf(schemas.byId(id))
      const isFirst = payload[0] === 0
      if (!isFirst && payload[0] !== 2) throw new CodecError('no path to a message of the file')
      const type = messages[isFirst ? 0 : payload[1]! / 2]
      if (type === undefined) throw new CodecError('the path leads to no message')
      return readProtobuf(type, payload.subarray(isFirst ? 1 : 2))
    },
  }
}

/** A message alone, of the schema that the source's columns stand for. */
export function bareProtobufCodec(columns: Columns, nullable: Nullable): SideCodec {
  let type: protobuf.Type | undefined
  const messageType = (): protobuf.Type => {
    const text = protobufTextOfColumns(columns, { fullName: undefined, nullable })
    type ??= readProtobufFile(text, []).messages[0]!
    return type
  }
  return {
    encode: (value) => (value === null ? null : writeProtobuf(messageType(), value)),
    decode: (bytes) => (bytes === null ? actualNull : readProtobuf(messageType(), bytes)),
  }
}

function fileOf({ type, schema, references }: LoadedSchema): ProtobufFile {
  if (type !== 'PROTOBUF') throw new CodecError(`the schema is of type ${type}, not PROTOBUF`)
  return readProtobufFile(String(schema), references.map(String))
}
