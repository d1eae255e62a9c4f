import { readFile } from 'node:fs/promises'

import type { ProducerRecord } from '@varve/kafka'
import type { SchemaRegistry } from '@varve/serde'

/** A record as the connector wrote it: bytes in base64, schema ids of the registry it wrote to. */
interface CapturedRecord {
  readonly topic: string
  readonly partition: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
}

/** Avro schemas by id of the connector's registry. */
type CapturedSchemas = Readonly<
  Record<string, { readonly subject: string; readonly schema: unknown }>
>

const read = (name: string): Promise<string> =>
  readFile(new URL(`../data/${name}`, import.meta.url), 'utf8')

/** Registers the connector's schemas and returns the id each has in this registry, by the id it had there. */
export async function registerCapturedSchemas(
  registry: SchemaRegistry,
): Promise<ReadonlyMap<number, number>> {
  const schemas = JSON.parse(await read('schemas.json')) as CapturedSchemas
  const ids = new Map<number, number>()
  for (const [id, { subject, schema }] of Object.entries(schemas)) {
    ids.set(
      Number(id),
      await registry.register(subject, {
        schemaType: 'AVRO',
        schema: JSON.stringify(schema),
      }),
    )
  }
  return ids
}

/** The captured records of a topic, in order, with the schema ids that {@link registerCapturedSchemas} returned. */
export async function capturedRecords(
  topic: string,
  ids: ReadonlyMap<number, number>,
): Promise<ProducerRecord[]> {
  const lines = (await read('events.jsonl')).trimEnd().split('\n')
  return lines
    .map((line) => JSON.parse(line) as CapturedRecord)
    .filter((record) => record.topic === topic)
    .map((record) => ({
      topic,
      partition: record.partition,
      timestamp: record.timestamp,
      key: withSchemaId(record.key, ids),
      value: withSchemaId(record.value, ids),
    }))
}

/** Confluent framing: a zero byte, the schema id in four big-endian bytes, the payload. */
function withSchemaId(base64: string | null, ids: ReadonlyMap<number, number>): Uint8Array | null {
  if (base64 === null) return null
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  const view = new DataView(bytes.buffer)
  view.setInt32(1, ids.get(view.getInt32(1))!)
  return bytes
}
