import { createOrderedKeyCodec, createStateRowCodec, type Columns, type Row } from '@varve/serde'
import type { Serde } from '@varve/streams'

/** Serde of key rows in a store: byte order is row order, so ranges and scans of the store are ranges and scans of keys. */
export function orderedRowSerde(columns: Columns): Serde<Row | null> {
  const codec = createOrderedKeyCodec(columns.map((column) => column.type))
  return {
    serialize: (row) => (row === null ? null : codec.encode(row)),
    serializeBefore: (row, space) => (row === null ? null : codec.encode(row, space)),
    deserialize: (bytes) => (bytes === null ? null : codec.decode(bytes)),
  }
}

/** Serde of value rows in a store and its changelog: every value comes back exactly as it was, whatever the topics' format can carry. */
export function stateRowSerde(): Serde<Row> {
  const codec = createStateRowCodec()
  return {
    serialize: (row) => codec.encode(row),
    serializeBehind: (row, space) => codec.encode(row, space),
    deserialize: (bytes) => (bytes === null ? (null as never) : codec.decode(bytes)),
    deserializeFrom: (bytes, start) => codec.decode(bytes, start),
  }
}
