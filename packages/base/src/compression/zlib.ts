import zlib from 'node:zlib'

import { CorruptionError } from '../errors.ts'
import { emptyBytes } from '../bytes/convert.ts'
import type { CodecName } from './codec.ts'

/** A one-shot decoder of node:zlib. */
type Decode = (
  data: Uint8Array,
  options: { maxOutputLength: number; finishFlush?: number },
) => Uint8Array

/**
 * Runs a decoder of node:zlib under a bound and reports every failure as corruption.
 * zlib refuses a bound of 0, so an empty original is decoded under a bound of 1.
 */
export function decodeBounded(
  name: CodecName,
  decode: Decode,
  data: Uint8Array,
  maxSizeBytes: number,
): Uint8Array {
  let result: Uint8Array
  try {
    result = decode(data, { maxOutputLength: Math.max(1, maxSizeBytes) })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new CorruptionError(
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `${name} data exceeds the bound of ${maxSizeBytes} bytes`
        : `${name} data is malformed`,
      { cause: error },
    )
  }
  if (result.length > maxSizeBytes) {
    throw new CorruptionError(`${name} data exceeds the bound of ${maxSizeBytes} bytes`)
  }
  // A plain array: what zlib returns is a Buffer, whose slice aliases.
  return result.length === 0
    ? emptyBytes
    : new Uint8Array(result.buffer, result.byteOffset, result.byteLength)
}

export { zlib }
