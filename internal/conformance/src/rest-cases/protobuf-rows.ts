import protobuf from 'protobufjs'

import { javaDoubleText } from '../codec/java-double.ts'
import { readProtobufFile } from '../codec/protobuf-file.ts'
import { decodeBase64 } from '../codec/side-codec.ts'
import { JsonObject, type Json } from '../json/json-value.ts'

/** Elements of an answer with Protobuf rows, the rows turned into the text form of messages: `NAME: value` lines. */
export function textRows(elements: readonly Json[]): Json[] {
  const [first] = elements
  const header = first instanceof JsonObject ? first.get('header') : undefined
  const schema = header instanceof JsonObject ? header.get('protoSchema') : undefined
  if (typeof schema !== 'string') return [...elements]
  const message = readProtobufFile(schema, []).messages[0]!
  return elements.map((element) => {
    const row = element instanceof JsonObject ? element.get('row') : undefined
    const bytes = row instanceof JsonObject ? row.get('protobufBytes') : undefined
    if (typeof bytes !== 'string') return element
    return new JsonObject(
      new Map([['row', messageText(message, message.decode(decodeBase64(bytes)), '')]]),
    )
  })
}

function messageText(type: protobuf.Type, message: object, indent: string): string {
  const members = message as Readonly<Record<string, unknown>>
  const fields = type.fieldsArray.toSorted((a, b) => a.id - b.id)
  return fields
    .flatMap((field): string[] => {
      if (!Object.hasOwn(members, field.name)) return []
      const value = members[field.name]
      const items = field.repeated ? (value as readonly unknown[]) : [value]
      return items.map((item) => fieldText(field, item, indent))
    })
    .join('')
}

function fieldText(field: protobuf.Field, value: unknown, indent: string): string {
  if (field.resolvedType instanceof protobuf.Type) {
    const inner = messageText(field.resolvedType, value as object, `${indent}  `)
    return `${indent}${field.name} {\n${inner}${indent}}\n`
  }
  return `${indent}${field.name}: ${scalarText(field.type, value)}\n`
}

function scalarText(type: string, value: unknown): string {
  switch (type) {
    case 'string':
      return quoted(new TextEncoder().encode(value as string))
    case 'bytes':
      return quoted(value as Uint8Array)
    case 'double':
    case 'float':
      return javaDoubleText(value as number)
    default:
      return String(value)
  }
}

/** Bytes outside of printable ASCII as octal escapes. */
function quoted(bytes: Uint8Array): string {
  const escapes: Readonly<Record<number, string>> = {
    7: '\\a',
    8: '\\b',
    9: '\\t',
    10: '\\n',
    11: '\\v',
    12: '\\f',
    13: '\\r',
    34: '\\"',
    39: "\\'",
    92: '\\\\',
  }
  let text = '"'
  for (const byte of bytes) {
    text +=
      escapes[byte] ??
      (byte >= 32 && byte < 127
        ? String.fromCharCode(byte)
        : `\\${byte.toString(8).padStart(3, '0')}`)
  }
  return `${text}"`
}
