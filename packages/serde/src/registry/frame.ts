import { DeserializationError } from '@varve/base'

/** Bytes before the payload: magic 0 and the schema's id, 4 bytes, big-endian. */
export const FRAME_SIZE = 5

/**
 * The schema id in front of a payload.
 *
 * @throws DeserializationError when the bytes are too short or do not begin with magic 0
 */
export function frameSchemaId(bytes: Uint8Array): number {
  if (bytes.length < FRAME_SIZE)
    throw new DeserializationError(
      `${bytes.length} bytes are too short for a schema id in front of the payload`,
    )
  if (bytes[0] !== 0)
    throw new DeserializationError(`unknown magic byte ${bytes[0]}: the payload has no schema id`)
  return ((bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0
}

/** The five bytes that {@link frameSchemaId} reads. */
export function frameHeader(id: number): Uint8Array {
  return Uint8Array.of(0, id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff)
}
