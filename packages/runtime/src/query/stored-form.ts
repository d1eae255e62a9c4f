import { assert } from '@varve/base'
import type { Columns, FormatSpec, Row, SqlType, Value } from '@varve/serde'
import type { PlanNode } from '@varve/sql'

/**
 * What a format leaves of a row that goes through it; `undefined` when that is everything.
 *
 * Stores here keep rows exactly, whatever format the topics of a query have. ksqlDB keeps them in the value format of the leftmost source, so that pull
 * queries there see what it cannot carry: PROTOBUF has no nulls but for messages, DELIMITED no empty text.
 */
export function storedForm(format: FormatSpec, columns: Columns): ((row: Row) => Row) | undefined {
  switch (format.format) {
    case 'PROTOBUF':
    case 'PROTOBUF_NOSR':
      if (format.nullable !== undefined) return undefined
      return (row) => columns.map(({ type }, i) => withoutNulls(type, row[i] ?? null))
    case 'DELIMITED':
      return (row) => row.map((value) => (value === '' ? null : value))
    default:
      return undefined
  }
}

/** The value format of the leftmost source of a plan. */
export function leftmostValueFormat(root: PlanNode): FormatSpec {
  let node = root
  for (;;) {
    if (node.kind === 'streamSource' || node.kind === 'tableSource') return node.valueFormat
    const below: PlanNode | undefined =
      'source' in node ? node.source : 'left' in node ? node.left : undefined
    assert(below !== undefined, 'every node but a source has an input')
    node = below
  }
}

function withoutNulls(type: SqlType, value: Value): Value {
  switch (type.kind) {
    case 'BOOLEAN':
      return value ?? false
    case 'INTEGER':
    case 'BIGINT':
    case 'DOUBLE':
      return value ?? 0
    case 'STRING':
      return value ?? ''
    case 'BYTES':
      return value ?? new Uint8Array(0)
    case 'ARRAY':
      return value ?? []
    case 'MAP':
      return value ?? new Map()
    case 'STRUCT':
      return value === null
        ? null
        : type.fields.map((field, i) =>
            withoutNulls(field.type, (value as readonly Value[])[i] ?? null),
          )
    default:
      return value
  }
}
