import type protobuf from 'protobufjs'

import { nestedMessages, type ProtoFile } from './proto-schema.ts'
import { ProtobufDecodeError, ProtoReader, ProtoWriter } from './proto-wire.ts'

/** Levels of nested declarations that a path may name. */
const MAX_PATH = 100

/**
 * The path of a message within its file, which Confluent's frame carries between id and payload: zigzag count, then for each level the
 * zigzag number of the message among those declared there. The first of the file is the single byte 0.
 */
export function readMessagePath(
  bytes: Uint8Array,
  start: number,
): { readonly path: readonly number[]; readonly end: number } {
  const reader = new ProtoReader(bytes, start)
  const count = reader.readSint32()
  if (count === 0) return { path: [0], end: reader.position }
  if (count < 0 || count > MAX_PATH) throw new ProtobufDecodeError(`a message path of ${count}`)
  const path = Array.from({ length: count }, () => reader.readSint32())
  return { path, end: reader.position }
}

/** Bytes of the path that leads to a message. */
export function messagePathBytes(file: ProtoFile, message: protobuf.Type): Uint8Array {
  const path = pathTo(file.messages, message) ?? [0]
  const writer = new ProtoWriter()
  if (path.length === 1 && path[0] === 0) writer.writeSint64(0)
  else for (const part of [path.length, ...path]) writer.writeSint64(part)
  return writer.finish()
}

/** The message at a path. */
export function messageAt(file: ProtoFile, path: readonly number[]): protobuf.Type | undefined {
  let level = file.messages
  let found: protobuf.Type | undefined
  for (const index of path) {
    found = level[index]
    if (found === undefined) return undefined
    level = nestedMessages(found)
  }
  return found
}

function pathTo(
  level: readonly protobuf.Type[],
  message: protobuf.Type,
): readonly number[] | undefined {
  for (const [i, candidate] of level.entries()) {
    if (candidate === message) return [i]
    const rest = pathTo(nestedMessages(candidate), message)
    if (rest !== undefined) return [i, ...rest]
  }
  return undefined
}
