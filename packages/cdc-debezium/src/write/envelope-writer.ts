import { InvalidOptionError } from '@varve/base'
import { AvroWriter, frameHeader, type SchemaRegistry, type Value } from '@varve/serde'

import type { ChangeRecord } from '../change.ts'
import type { ConnectSchema } from '../connect/connect-schema.ts'
import type { ColumnValue } from '../values/values.ts'
import type { EnvelopeColumn } from './column-schema.ts'
import { envelopeSchemas, WRITER_CONNECTOR, type EnvelopeSchemas } from './envelope-schema.ts'
import { struct, type WireValue } from './wire-value.ts'
import { avroSchemaOf, writeAvroValue } from './write-avro.ts'
import { formatJson, schemaToJson } from './write-json.ts'

/** How an {@link EnvelopeWriter} writes a table. */
export interface EnvelopeWriterOptions {
  /** Names schemas and registry subjects. */
  readonly topic: string
  readonly table: { readonly database?: string; readonly schema?: string; readonly name: string }
  readonly columns: readonly EnvelopeColumn[]
  /** Names of the key's columns, in order. Empty: records have no key. */
  readonly keyColumns: readonly string[]
  /** `json`: the payload alone; `json-schema`: with its schema around it; `avro`: framed, with the registry. */
  readonly format: 'json' | 'json-schema' | 'avro'
  readonly registry?: SchemaRegistry
  /** `source.name`, the topic's prefix. Default: the topic up to its first dot. */
  readonly prefix?: string
  /** `source.version`. */
  readonly version?: string
  /** Whether a delete is followed by its tombstone. Default true. */
  readonly tombstones?: boolean
  /** Milliseconds since the epoch, for `ts_ms`. Default: the system's clock. */
  readonly now?: () => number
}

/** A row: an object by the columns' names, or a list in their order. Values as the decoder gives them, or as the engine holds them. */
export type WritableRow =
  Readonly<Record<string, ColumnValue | Value>> | readonly (ColumnValue | Value)[]

/** A change of a row to write. */
export interface WritableChange {
  /** Null or absent: the row is new. */
  readonly before?: WritableRow | null
  /** Null or absent: the row is gone. */
  readonly after?: WritableRow | null
  /** When the change was made, milliseconds since the epoch. Default: now. */
  readonly timeMs?: number
  /** The row was read, not changed: `op` becomes `r`. */
  readonly snapshot?: boolean
  /** A number that grows from change to change, for readers to leave out what is repeated. */
  readonly position?: bigint | number
  readonly transaction?: {
    readonly id: string
    readonly totalOrder: bigint | number
    readonly dataCollectionOrder: bigint | number
  }
}

interface Side {
  readonly schema: ConnectSchema
  /** Stands before the payload: of JSON the schema, of Avro the frame. */
  head: string | Uint8Array | undefined
}

/**
 * Writes rows as Debezium's envelopes, so that what reads Debezium reads a materialized view. The decoder of this package reads them again, and
 * Debezium's `ExtractNewRecordState` flattens them.
 *
 * @example
 * ```ts
 * const writer = new EnvelopeWriter({
 *   topic: 'shop.public.totals',
 *   table: { schema: 'public', name: 'totals' },
 *   columns: [{ name: 'id', type: 'int64' }, { name: 'total', type: { kind: 'DECIMAL', precision: 10, scale: 2 } }],
 *   keyColumns: ['id'],
 *   format: 'json-schema',
 * })
 * for (const record of writer.write({ after: { id: 1n, total } })) await producer.send({ topic, messages: [record] })
 * ```
 */
export class EnvelopeWriter {
  readonly #options: EnvelopeWriterOptions
  readonly #schemas: EnvelopeSchemas
  readonly #keyAt: readonly number[]
  readonly #key: Side | undefined
  readonly #value: Side
  readonly #now: () => number
  readonly #avro = new AvroWriter()

  /** @throws InvalidOptionError for unknown types and key columns, and for Avro without registry */
  constructor(options: EnvelopeWriterOptions) {
    const { columns, keyColumns, format, registry } = options
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#keyAt = keyColumns.map((name) => columns.findIndex((column) => column.name === name))
    if (this.#keyAt.includes(-1))
      throw new InvalidOptionError('keyColumns', 'a key column is no column')
    if (format === 'avro' && registry === undefined)
      throw new InvalidOptionError('registry', 'Avro needs a schema registry')
    this.#schemas = envelopeSchemas(options.topic, columns, keyColumns)
    this.#key = this.#schemas.key && sideOf(this.#schemas.key, format)
    this.#value = sideOf(this.#schemas.envelope, format)
  }

  /** Registers the schemas of Avro, once; needed before {@link write}. Resolves at once for JSON. @throws SchemaRegistryError */
  async ensureRegistered(): Promise<void> {
    const { registry, topic, format } = this.#options
    if (format !== 'avro' || registry === undefined) return
    for (const [name, side] of [
      ['key', this.#key],
      ['value', this.#value],
    ] as const) {
      if (side === undefined || side.head !== undefined) continue
      const schema = JSON.stringify(avroSchemaOf(side.schema))
      side.head = frameHeader(
        await registry.register(`${topic}-${name}`, { schemaType: 'AVRO', schema }),
      )
    }
  }

  /**
   * The records of a change, in order: one; with its tombstone for a delete; three for a change of the key, which Debezium writes as a delete and a
   * create that name each other in headers.
   *
   * @throws SerializationError when a value does not fit its column
   */
  write(change: WritableChange): ChangeRecord[] {
    const { row } = this.#schemas
    const before = change.before == null ? null : struct(row, change.before, '')
    const after = change.after == null ? null : struct(row, change.after, '')
    if (before !== null && after !== null) {
      const [oldKey, newKey] = [this.#keyOf(before), this.#keyOf(after)]
      if (this.#key === undefined || this.#keyText(oldKey) === this.#keyText(newKey))
        return [this.#event(change, 'u', before, after)]
      const left = [{ key: '__debezium.newkey', value: utf8(this.#keyText(newKey)) }]
      const arrived = [{ key: '__debezium.oldkey', value: utf8(this.#keyText(oldKey)) }]
      return [...this.#delete(change, before, left), this.#event(change, 'c', null, after, arrived)]
    }
    if (after !== null)
      return [this.#event(change, change.snapshot === true ? 'r' : 'c', null, after)]
    return before === null ? [] : this.#delete(change, before, [])
  }

  /** The event of a table that was emptied. */
  truncate(change: Omit<WritableChange, 'before' | 'after' | 'snapshot'> = {}): ChangeRecord {
    return { ...this.#event(change, 't', null, null), key: null }
  }

  #delete(
    change: WritableChange,
    before: readonly WireValue[],
    headers: NonNullable<ChangeRecord['headers']>,
  ): ChangeRecord[] {
    const event = this.#event(change, 'd', before, null, headers)
    if (this.#options.tombstones === false || event.key === null) return [event]
    return [event, { ...event, value: null }]
  }

  #event(
    change: WritableChange,
    op: string,
    before: readonly WireValue[] | null,
    after: readonly WireValue[] | null,
    headers: NonNullable<ChangeRecord['headers']> = [],
  ): ChangeRecord {
    const { table, topic, prefix, version } = this.#options
    const now = this.#now()
    const { transaction, position } = change
    const envelope: readonly WireValue[] = [
      before,
      after,
      [
        version ?? '1',
        WRITER_CONNECTOR,
        prefix ?? topic.split('.', 1)[0]!,
        BigInt(change.timeMs ?? now),
        op === 'r' ? 'true' : 'false',
        table.database ?? '',
        position === undefined ? null : JSON.stringify([String(position)]),
        table.schema ?? null,
        table.name,
      ],
      transaction === undefined
        ? null
        : [transaction.id, BigInt(transaction.totalOrder), BigInt(transaction.dataCollectionOrder)],
      op,
      BigInt(now),
      BigInt(now) * 1000n,
      BigInt(now) * 1_000_000n,
    ]
    const row = after ?? before
    return {
      topic,
      key:
        this.#key === undefined || row === null ? null : this.#encode(this.#key, this.#keyOf(row)),
      value: this.#encode(this.#value, envelope),
      headers,
    }
  }

  #keyOf(row: readonly WireValue[]): readonly WireValue[] {
    return this.#keyAt.map((at) => row[at]!)
  }

  #keyText(key: readonly WireValue[]): string {
    return this.#key === undefined ? '' : formatJson(this.#key.schema, key)
  }

  #encode({ schema, head }: Side, value: WireValue): Uint8Array {
    if (this.#options.format !== 'avro') {
      const payload = formatJson(schema, value)
      return utf8(head === undefined ? payload : `${head as string}${payload}}`)
    }
    if (head === undefined)
      throw new InvalidOptionError('registry', 'the schemas are not registered yet')
    this.#avro.reset()
    this.#avro.writeFixed(head as Uint8Array)
    writeAvroValue(this.#avro, schema, value)
    return this.#avro.finish()
  }
}

const encoder = new TextEncoder()

function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

function sideOf(schema: ConnectSchema, format: EnvelopeWriterOptions['format']): Side {
  return {
    schema,
    head:
      format === 'json-schema'
        ? `{"schema":${JSON.stringify(schemaToJson(schema))},"payload":`
        : undefined,
  }
}
