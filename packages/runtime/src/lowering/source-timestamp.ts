import type { Row } from '@varve/serde'
import type { FunctionRegistry, PlanSchema, TimestampColumn } from '@varve/sql'
import type { TimestampExtractor } from '@varve/streams'

import { keyRowOf, type PlanKey } from './flow.ts'
import { createTimestampReader } from './timestamp-reader.ts'

/** Reads a record's time from a column of its row. A missing or unusable value gives NaN, which skips the record. */
export function columnTimestamp(
  timestamp: TimestampColumn,
  schema: PlanSchema,
  functions: FunctionRegistry,
): TimestampExtractor<PlanKey, Row | null> {
  const windowed = schema.window !== undefined
  const keyIndex = schema.keyColumns.findIndex((column) => column.name === timestamp.column)
  const columns = keyIndex === -1 ? schema.valueColumns : schema.keyColumns
  const index =
    keyIndex === -1 ? columns.findIndex((column) => column.name === timestamp.column) : keyIndex
  const read = createTimestampReader(columns[index]!.type, timestamp.format, functions)
  return (key, value, record) => {
    const row = keyIndex === -1 ? value : keyRowOf(key, windowed)
    if (row === null) return record.timestamp
    return read(row[index] ?? null)
  }
}
