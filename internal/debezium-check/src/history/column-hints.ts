import type { ColumnHint } from '@varve/cdc-debezium'

/** What a user of these histories has to tell the decoder: `binary.handling.mode=base64` makes text of binary columns, and no schema says so. */
const HINTS: ReadonlyMap<string, Readonly<Record<string, ColumnHint>>> = new Map([
  ['postgres/json-schema-string-connect/texts', { b: 'bytes:base64' }],
])

/** Hints for the topic of a table; none for most. */
export function columnHints(
  history: string,
  topic: string,
): Readonly<Record<string, ColumnHint>> | undefined {
  return HINTS.get(`${history}/${topic.split('.').at(-1)}`)
}
