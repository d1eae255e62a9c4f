import type { StructValue } from '../values/values.ts'
import { formatValue, parseValue } from '../values/value-text.ts'
import type { SourceMark } from './source-mark.ts'
import type { StoredRow } from './table-store.ts'

type MarkJson = readonly [string, boolean, readonly string[], string?, (readonly string[])?]

/** JSON of a row and its marks. */
interface StoredRowJson {
  readonly key: string
  readonly row: string | null
  readonly streamed?: MarkJson
  readonly read?: MarkJson
  readonly columns?: readonly (readonly [string, MarkJson | null])[]
  readonly left?: string
  readonly tombstoneDue?: true
}

/** A stored row as one line of text. */
export function formatStoredRow(stored: StoredRow): string {
  const json: StoredRowJson = {
    key: formatValue(stored.key),
    row: stored.row === null ? null : formatValue(stored.row),
    ...(stored.streamed === undefined ? {} : { streamed: markToJson(stored.streamed) }),
    ...(stored.read === undefined ? {} : { read: markToJson(stored.read) }),
    ...(stored.columns === undefined
      ? {}
      : { columns: [...stored.columns].map(([name, mark]) => [name, mark && markToJson(mark)]) }),
    ...(stored.left === undefined ? {} : { left: formatValue(stored.left) }),
    ...(stored.tombstoneDue === undefined ? {} : { tombstoneDue: true }),
  }
  return JSON.stringify(json)
}

/** Reverses {@link formatStoredRow}. */
export function parseStoredRow(text: string): StoredRow {
  const json = JSON.parse(text) as StoredRowJson
  return {
    key: parseValue(json.key),
    row: json.row === null ? null : (parseValue(json.row) as StructValue),
    ...(json.streamed === undefined ? {} : { streamed: markFromJson(json.streamed) }),
    ...(json.read === undefined ? {} : { read: markFromJson(json.read) }),
    ...(json.columns === undefined
      ? {}
      : { columns: new Map(json.columns.map(([name, m]) => [name, m && markFromJson(m)])) }),
    ...(json.left === undefined ? {} : { left: parseValue(json.left) as StructValue }),
    ...(json.tombstoneDue === undefined ? {} : { tombstoneDue: true }),
  }
}

export function markToJson({ log, read, at, alternative }: SourceMark): MarkJson {
  const own = [log, read, at.map(String)] as const
  return alternative === undefined ? own : [...own, alternative.log, alternative.at.map(String)]
}

export function markFromJson([log, read, at, otherLog, otherAt]: MarkJson): SourceMark {
  const own = { log, read, at: at.map(BigInt) }
  return otherLog === undefined
    ? own
    : { ...own, alternative: { log: otherLog, at: (otherAt ?? []).map(BigInt) } }
}
