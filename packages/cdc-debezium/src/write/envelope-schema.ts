import { connectSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { schemaOfColumn, type EnvelopeColumn } from './column-schema.ts'

/** Schemas of the records of a table. */
export interface EnvelopeSchemas {
  /** Undefined for a table without key. */
  readonly key: ConnectSchema | undefined
  readonly row: ConnectSchema
  readonly source: ConnectSchema
  readonly envelope: ConnectSchema
}

/** The connector that rows of this writer are said to be from. */
export const WRITER_CONNECTOR = 'varve'

const text = (optional: boolean): ConnectSchema => connectSchema('string', { optional })
const long = (optional: boolean): ConnectSchema => connectSchema('int64', { optional })

/** Schemas as Debezium names them: `<topic>.Key`, `<topic>.Value`, `<topic>.Envelope`. */
export function envelopeSchemas(
  topic: string,
  columns: readonly EnvelopeColumn[],
  keyColumns: readonly string[],
): EnvelopeSchemas {
  const keys = keyColumns.map((name) => columns.find((column) => column.name === name)!)
  const row = connectSchema('struct', {
    name: `${topic}.Value`,
    fields: columns.map((column) => ({
      name: column.name,
      schema: schemaOfColumn(column, column.nullable ?? !keyColumns.includes(column.name)),
    })),
  })
  const source = connectSchema('struct', {
    name: `io.debezium.connector.${WRITER_CONNECTOR}.Source`,
    optional: false,
    fields: [
      { name: 'version', schema: text(false) },
      { name: 'connector', schema: text(false) },
      { name: 'name', schema: text(false) },
      { name: 'ts_ms', schema: long(false) },
      { name: 'snapshot', schema: text(true) },
      { name: 'db', schema: text(false) },
      { name: 'sequence', schema: text(true) },
      { name: 'schema', schema: text(true) },
      { name: 'table', schema: text(true) },
    ],
  })
  const transaction = connectSchema('struct', {
    name: 'event.block',
    fields: [
      { name: 'id', schema: text(false) },
      { name: 'total_order', schema: long(false) },
      { name: 'data_collection_order', schema: long(false) },
    ],
  })
  const envelope = connectSchema('struct', {
    name: `${topic}.Envelope`,
    optional: false,
    fields: [
      { name: 'before', schema: row },
      { name: 'after', schema: row },
      { name: 'source', schema: source },
      { name: 'transaction', schema: transaction },
      { name: 'op', schema: text(false) },
      { name: 'ts_ms', schema: long(true) },
      { name: 'ts_us', schema: long(true) },
      { name: 'ts_ns', schema: long(true) },
    ],
  })
  const key =
    keys.length === 0
      ? undefined
      : connectSchema('struct', {
          name: `${topic}.Key`,
          optional: false,
          fields: keys.map((column) => ({
            name: column.name,
            schema: schemaOfColumn(column, column.nullable ?? false),
          })),
        })
  return { key, row, source, envelope }
}
