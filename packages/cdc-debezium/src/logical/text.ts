import { SqlTypes, type SqlType } from '@varve/serde'

import { invalid } from '../connect/connect-data.ts'
import { connectSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { JsonText, type ColumnValue } from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'

function textType(
  decode: (text: string, schema: ConnectSchema) => ColumnValue,
  sqlType: SqlType = SqlTypes.STRING,
): LogicalType {
  return {
    base: connectSchema('string'),
    sqlType: () => sqlType,
    decode: (data, schema, path) =>
      typeof data === 'string' ? decode(data, schema) : invalid(path, 'no text'),
  }
}

const plain: LogicalType = {
  ...textType((text) => text),
  short: () => (raw) => (typeof raw === 'string' ? raw : undefined),
}

/** The members that an Enum or EnumSet column allows; undefined when its schema does not tell. In `allowed`, `\,` is a comma and `\\` a backslash. */
export function allowedMembers(schema: ConnectSchema): readonly string[] | undefined {
  const allowed = schema.parameters.get('allowed')
  if (allowed === undefined) return undefined
  const members: string[] = []
  let member = ''
  for (let i = 0; i < allowed.length; i++) {
    const c = allowed[i]!
    if (c === '\\' && i + 1 < allowed.length) member += allowed[++i]!
    else if (c === ',') {
      members.push(member)
      member = ''
    } else member += c
  }
  return [...members, member]
}

/** Members are joined with commas that are not escaped: the longest allowed member wins at each place. */
function splitSet(text: string, schema: ConnectSchema): readonly string[] {
  if (text === '') return []
  const allowed = [...(allowedMembers(schema) ?? [])].sort((a, b) => b.length - a.length)
  const members: string[] = []
  let at = 0
  while (at <= text.length) {
    const member = allowed.find(
      (candidate) =>
        text.startsWith(candidate, at) &&
        (at + candidate.length === text.length || text[at + candidate.length] === ','),
    )
    const comma = text.indexOf(',', at)
    const end = member === undefined ? (comma < 0 ? text.length : comma) : at + member.length
    members.push(text.slice(at, end))
    at = end + 1
  }
  return members
}

/** Semantic types that are text. */
export const textTypes: readonly (readonly [string, LogicalType])[] = [
  ['io.debezium.data.Json', textType((text) => new JsonText(text))],
  ['io.debezium.data.Xml', plain],
  ['io.debezium.data.Uuid', plain],
  ['io.debezium.data.Ltree', plain],
  ['io.debezium.data.Tsvector', plain],
  ['io.debezium.data.Enum', plain],
  [
    'io.debezium.data.EnumSet',
    textType((text, schema) => splitSet(text, schema), {
      kind: 'ARRAY',
      element: SqlTypes.STRING,
    }),
  ],
]
