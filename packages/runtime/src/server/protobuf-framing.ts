import {
  createRowSerde,
  formatBase64,
  javaHashOrder,
  protobufSchemaFromColumns,
  type Columns,
  type RowSerde,
  type SqlType,
  type Value,
} from '@varve/serde'

import type { QueryHandle } from '../engine/query-types.ts'
import { MediaType } from './media-type.ts'
import { elementFraming, headerMembers, separated, type ResultFraming } from './result-framing.ts'

/**
 * The elements of `/query` with each row as a Protobuf message in Base64: the header carries the message's type as `protoSchema`.
 *
 * @returns A framing for one answer: it keeps the encoder of its query.
 */
export function createProtobufFraming(): ResultFraming {
  let serde: RowSerde | undefined
  let columns: Columns = []
  return {
    ...elementFraming,
    contentType: MediaType.protobuf,
    header: (query) => {
      columns = query.columns.map(({ name, type }) => ({ name, type }))
      const protoSchema = protobufSchemaFromColumns(columns)
      serde = createRowSerde({ format: 'PROTOBUF_NOSR' }, columns, {
        side: 'value',
        topic: query.id,
      })
      const element = JSON.stringify({ header: { ...headerMembers(query), protoSchema } })
      return query.announcesEnd ? `[${element},\n` : `[${element}`
    },
    row: (query: QueryHandle, row) => {
      const values = columns.map((column, i) => ordered(column.type, row.values[i] ?? null))
      const bytes = serde?.serialize(values) ?? new Uint8Array(0)
      const tombstone = row.tombstone ? ',"tombstone":true' : ''
      return separated(query, `{"row":{"protobufBytes":"${formatBase64(bytes)}"${tombstone}}}`)
    },
  }
}

/** Maps become repeated entries here: in the order in which the dialect iterates over maps of results. */
function ordered(type: SqlType, value: Value): Value {
  if (value === null) return null
  switch (type.kind) {
    case 'MAP': {
      const map = value as ReadonlyMap<string, Value>
      return new Map(
        javaHashOrder([...map.keys()]).map((key) => [key, ordered(type.value, map.get(key)!)]),
      )
    }
    case 'ARRAY':
      return (value as readonly Value[]).map((item) => ordered(type.element, item))
    case 'STRUCT':
      return type.fields.map((field, i) =>
        ordered(field.type, (value as readonly Value[])[i] ?? null),
      )
    default:
      return value
  }
}
