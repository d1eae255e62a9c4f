import type { SchemaRegistry } from '@varve/serde'

import type { Json } from '../json/json-value.ts'
import { parseJson } from '../json/parse-json.ts'
import { CodecError } from './side-codec.ts'

/** A registered schema with what it refers to. */
export interface LoadedSchema {
  readonly id: number
  readonly type: string
  readonly schema: Json
  readonly references: readonly Json[]
}

/** What the registry holds for one run, loaded up front: codecs are synchronous. */
export class SchemaSource {
  readonly #byId: ReadonlyMap<number, LoadedSchema>
  readonly #latest: ReadonlyMap<string, LoadedSchema>

  private constructor(
    byId: ReadonlyMap<number, LoadedSchema>,
    latest: ReadonlyMap<string, LoadedSchema>,
  ) {
    this.#byId = byId
    this.#latest = latest
  }

  static async load(registry: SchemaRegistry): Promise<SchemaSource> {
    const byId = new Map<number, LoadedSchema>()
    const latest = new Map<string, LoadedSchema>()
    for (const subject of await registry.subjects()) {
      for (const version of await registry.versions(subject)) {
        const { id, schemaType, schema, references = [] } = await registry.version(subject, version)
        const loaded: LoadedSchema = {
          id,
          type: schemaType,
          schema: schemaType === 'PROTOBUF' ? schema : parseJson(schema),
          references: await Promise.all(
            references.map(async (reference) => {
              const found = await registry.version(reference.subject, reference.version)
              return schemaType === 'PROTOBUF' ? found.schema : parseJson(found.schema)
            }),
          ),
        }
        byId.set(id, loaded)
        latest.set(subject, loaded)
      }
    }
    return new SchemaSource(byId, latest)
  }

  /** The latest schema of a subject. @throws CodecError */
  latest(subject: string): LoadedSchema {
    const found = this.#latest.get(subject)
    if (found === undefined) throw new CodecError(`no schema is registered for "${subject}"`)
    return found
  }

  find(subject: string): LoadedSchema | undefined {
    return this.#latest.get(subject)
  }

  /** @throws CodecError */
  byId(id: number): LoadedSchema {
    const found = this.#byId.get(id)
    if (found === undefined) throw new CodecError(`there is no schema ${id}`)
    return found
  }
}

/** Magic byte 0 and the schema's id in front of a payload. */
export function frame(id: number): number[] {
  return [0, (id >>> 24) & 0xff, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff]
}

/** @throws CodecError for bytes without schema id */
export function unframe(bytes: Uint8Array): { readonly id: number; readonly payload: Uint8Array } {
  if (bytes.length < 5 || bytes[0] !== 0) throw new CodecError('the bytes have no schema id')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { id: view.getUint32(1), payload: bytes.subarray(5) }
}
