import { CorruptionError, UnsupportedError } from '@varve/base'

import { WireReader } from '../primitives/wire-reader.ts'
import type { WireType } from '../primitives/wire-type.ts'
import { WireWriter } from '../primitives/wire-writer.ts'

/** Encodes the body of a message (without the header) in a version. The bytes belong to the caller. */
export type MessageEncoder<T> = (version: number, message: T) => Uint8Array

/** Decodes the body of a message; byte arrays inside are views on `bytes`. @throws CorruptionError when the bytes do not fit. */
export type MessageDecoder<T> = (version: number, bytes: Uint8Array) => T

/** One request of the protocol: its number, the versions spoken here, and the codecs of both directions. */
export interface ApiDefinition<Request, Response> {
  readonly name: string
  readonly key: number
  readonly minVersion: number
  readonly maxVersion: number
  /** First version with compact lengths and tag sections, which also changes the message headers. */
  readonly flexibleSince: number
  readonly encodeRequest: MessageEncoder<Request>
  readonly decodeRequest: MessageDecoder<Request>
  readonly encodeResponse: MessageEncoder<Response>
  readonly decodeResponse: MessageDecoder<Response>
}

/** Makes the codecs of a request from the description of its two structures. */
export function defineApi<Request extends object, Response extends object>(description: {
  readonly name: string
  readonly key: number
  readonly versions: readonly [min: number, max: number]
  readonly flexibleSince: number
  readonly request: WireType<Request>
  readonly response: WireType<Response>
}): ApiDefinition<Request, Response> {
  const { name, key, flexibleSince } = description
  const [minVersion, maxVersion] = description.versions

  const check = (version: number): boolean => {
    if (version < minVersion || version > maxVersion) {
      throw new UnsupportedError(
        `version ${version} of ${name}; versions ${minVersion} to ${maxVersion} are spoken`,
      )
    }
    return version >= flexibleSince
  }
  const encoder =
    <T>(type: WireType<T>): MessageEncoder<T> =>
    (version, message) => {
      const writer = new WireWriter({ flexible: check(version) })
      type.write(writer, message, version)
      return writer.finish()
    }
  const decoder =
    <T>(type: WireType<T>, what: string): MessageDecoder<T> =>
    (version, bytes) => {
      const reader = new WireReader(bytes, { flexible: check(version) })
      const message = type.read(reader, version)
      if (reader.remaining !== 0) {
        throw new CorruptionError(
          `${name} ${what} version ${version}: ${reader.remaining} bytes left over`,
        )
      }
      return message
    }
  return {
    name,
    key,
    minVersion,
    maxVersion,
    flexibleSince,
    encodeRequest: encoder(description.request),
    decodeRequest: decoder(description.request, 'request'),
    encodeResponse: encoder(description.response),
    decodeResponse: decoder(description.response, 'response'),
  }
}
