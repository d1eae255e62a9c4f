import protobuf from 'protobufjs'

import { CodecError } from './side-codec.ts'

/** A parsed .proto file. */
export interface ProtobufFile {
  /** Its own messages, in their order. */
  readonly messages: readonly protobuf.Type[]
}

/** What no registry keeps. */
const known = `
syntax = "proto3";
package google.type;
message Date { int32 year = 1; int32 month = 2; int32 day = 3; }
message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }
`
const knownDecimal = `
syntax = "proto3";
package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
`

/** @throws CodecError when the text is no .proto file */
export function readProtobufFile(text: string, references: readonly string[]): ProtobufFile {
  const root = new protobuf.Root()
  try {
    const parsed = protobuf.parse(text, root, { keepCase: true })
    const scope = parsed.package === undefined ? root : root.lookup(parsed.package)
    const messages = (scope as protobuf.Namespace).nestedArray.filter(
      (nested) => nested instanceof protobuf.Type,
    )
    for (const other of [known, knownDecimal, ...references]) {
      protobuf.parse(other, root, { keepCase: true })
    }
    for (const name of ['google/protobuf/wrappers.proto', 'google/protobuf/timestamp.proto']) {
      root.addJSON(protobuf.common.get(name)!.nested!)
    }
    root.resolveAll()
    return { messages }
  } catch (cause) {
    throw new CodecError(`no Protobuf schema: ${(cause as Error).message}`, { cause })
  }
}

/** Where a top-level message of that name stands in the file; the first without name. */
export function messageIndex(file: ProtobufFile, fullName: string | undefined): number {
  const name = fullName?.slice(fullName.lastIndexOf('.') + 1)
  const index = name === undefined ? 0 : file.messages.findIndex((type) => type.name === name)
  if (index < 0 || file.messages.length === 0) {
    throw new CodecError(`the Protobuf schema has no message ${fullName ?? 'at all'}`)
  }
  return index
}

/** A map in its own syntax, or as the repeated entries that ksqlDB writes. */
export function isEntry(field: protobuf.Field): boolean {
  const type = field.resolvedType
  return (
    field.repeated &&
    type instanceof protobuf.Type &&
    type.name.endsWith('Entry') &&
    'key' in type.fields &&
    'value' in type.fields
  )
}

/** Scale in a decimal field's options. */
export function scaleOf(field: protobuf.Field): number {
  const text = JSON.stringify(field.parsedOptions)
  const match = /"value":"(\d+)","key":"scale"|"key":"scale","value":"(\d+)"/.exec(text)
  return Number(match?.[1] ?? match?.[2] ?? 0)
}

/** Name of a message type, without the dot of the root. */
export function typeName(type: protobuf.Type | protobuf.Enum | null): string {
  return type === null ? '' : type.fullName.replace(/^\./, '')
}
