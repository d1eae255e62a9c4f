import { CorruptionError, UnsupportedError } from '@varve/base'

import { WireReader } from '../primitives/wire-reader.ts'
import { WireWriter } from '../primitives/wire-writer.ts'
import { apiNameOf, apis } from './apis.ts'
import type { ApiName } from './index.ts'

/** What stands before the body of a request. */
export interface RequestHeader {
  readonly api: ApiName
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
}

/**
 * A request as it follows the i32 size on a socket: header version 1 (2 for flexible versions) and body.
 *
 * Layout: api key i16, version i16, correlation id i32, client id string, in flexible versions a tag section, body.
 */
export function encodeRequestFrame(header: RequestHeader, body: Uint8Array): Uint8Array {
  const api = apis[header.api]
  // The client id keeps its old form in flexible headers: a broker must be able to read it before it knows the version.
  const writer = new WireWriter({ flexible: false, initialBytes: body.length + 64 })
  writer.int16(api.key)
  writer.int16(header.version)
  writer.int32(header.correlationId)
  writer.string(header.clientId)
  if (header.version >= api.flexibleSince) writer.int8(0)
  writer.raw(body)
  return writer.finish()
}

/**
 * Splits a request into header and body. The body is a view.
 *
 * @throws UnsupportedError for an api key that is not spoken here.
 * @throws CorruptionError when the header is cut off.
 */
export function decodeRequestFrame(frame: Uint8Array): {
  readonly header: RequestHeader
  readonly body: Uint8Array
} {
  const reader = new WireReader(frame, { flexible: false })
  const key = reader.int16()
  const version = reader.int16()
  const correlationId = reader.int32()
  const api = apiNameOf(key)
  if (api === undefined) throw new UnsupportedError(`Kafka request with api key ${key}`)
  const clientId = reader.string()
  if (version >= apis[api].flexibleSince) reader.skipTags()
  return {
    header: { api, version, correlationId, clientId },
    body: frame.subarray(reader.position),
  }
}

/** A response as it follows the i32 size: correlation id, in flexible versions a tag section (never for ApiVersions), body. */
export function encodeResponseFrame(
  header: Pick<RequestHeader, 'api' | 'version' | 'correlationId'>,
  body: Uint8Array,
): Uint8Array {
  const writer = new WireWriter({ flexible: false, initialBytes: body.length + 8 })
  writer.int32(header.correlationId)
  if (hasResponseTags(header.api, header.version)) writer.int8(0)
  writer.raw(body)
  return writer.finish()
}

/** Splits a response, for which one must know what was asked. The body is a view. */
export function decodeResponseFrame(
  asked: Pick<RequestHeader, 'api' | 'version' | 'correlationId'>,
  frame: Uint8Array,
): Uint8Array {
  const reader = new WireReader(frame, { flexible: false })
  const correlationId = reader.int32()
  if (correlationId !== asked.correlationId) {
    throw new CorruptionError(`answer ${correlationId} to request ${asked.correlationId}`)
  }
  if (hasResponseTags(asked.api, asked.version)) reader.skipTags()
  return frame.subarray(reader.position)
}

function hasResponseTags(api: ApiName, version: number): boolean {
  return api !== 'ApiVersions' && version >= apis[api].flexibleSince
}
