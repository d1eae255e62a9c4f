import type { ByteReader, ByteWriter } from '@varve/base'

/** Where a block lies: its trailer follows and is not counted. */
export interface BlockHandle {
  readonly offset: number
  readonly sizeBytes: number
}

/** Appends `varint64 offset, varint64 size`. */
export function encodeBlockHandle(writer: ByteWriter, handle: BlockHandle): void {
  writer.varint(handle.offset).varint(handle.sizeBytes)
}

/** @throws CorruptionError when the bytes are no handle */
export function decodeBlockHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint64(), sizeBytes: reader.varint64() }
}
