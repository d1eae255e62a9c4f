import { SqlTypes, type SqlType } from '@varve/serde'
import { parse, resolveType, type DataSource } from '@varve/sql'

/** A column with its role. Types as text: comparing texts is comparing types. */
export interface ColumnFact {
  readonly name: string
  readonly type: string
  readonly role: 'key' | 'value' | 'headers'
}

/** Reads a column list such as `` `ID` STRING KEY, `V` INT ``. KEY and PRIMARY KEY mean the same. */
export function columnsOfText(text: string): ColumnFact[] {
  // Names and texts in quotes are left alone.
  const list = text.replaceAll(/`[^`]*`|'[^']*'|PRIMARY\s+KEY/gi, (match) =>
    /^p/i.test(match) ? 'KEY' : match,
  )
  const [parsed] = parse(`CREATE STREAM S (${list}) WITH (KAFKA_TOPIC='t');`, {
    substituteVariables: false,
  })
  if (parsed?.statement.kind !== 'createSource') throw new Error(`no column list: ${text}`)
  return parsed.statement.columns.map(({ name, type, constraint }) => ({
    name,
    type: typeText(resolveType(type, () => undefined)),
    role:
      constraint === undefined
        ? 'value'
        : constraint.kind === 'KEY' || constraint.kind === 'PRIMARY KEY'
          ? 'key'
          : 'headers',
  }))
}

const headersType: SqlType = {
  kind: 'ARRAY',
  element: {
    kind: 'STRUCT',
    fields: [
      { name: 'KEY', type: SqlTypes.STRING },
      { name: 'VALUE', type: SqlTypes.BYTES },
    ],
  },
}

/** Columns of a source: keys, values, headers. */
export function columnsOfSource(source: DataSource): ColumnFact[] {
  return [
    ...source.keyColumns.map(({ name, type }) => ({
      name,
      type: typeText(type),
      role: 'key' as const,
    })),
    ...source.valueColumns.map(({ name, type }) => ({
      name,
      type: typeText(type),
      role: 'value' as const,
    })),
    ...source.headerColumns.map(({ name, headerKey }) => ({
      name,
      type: typeText(headerKey === undefined ? headersType : SqlTypes.BYTES),
      role: 'headers' as const,
    })),
  ]
}

/** How two column lists differ. Header columns stand wherever they were declared, so only their own order counts. */
export function columnsDifference(
  expected: readonly ColumnFact[],
  actual: readonly ColumnFact[],
): string | undefined {
  const wanted = listText(expected)
  const found = listText(actual)
  return wanted === found ? undefined : `expected ${wanted}, got ${found}`
}

function listText(columns: readonly ColumnFact[]): string {
  const ordered = [
    ...columns.filter(({ role }) => role !== 'headers'),
    ...columns.filter(({ role }) => role === 'headers'),
  ]
  return ordered
    .map(
      ({ name, type, role }) =>
        `\`${name}\` ${type}${role === 'value' ? '' : ` ${role.toUpperCase()}`}`,
    )
    .join(', ')
}

function typeText(type: SqlType): string {
  switch (type.kind) {
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'ARRAY':
      return `ARRAY<${typeText(type.element)}>`
    case 'MAP':
      return `MAP<${typeText(type.key)}, ${typeText(type.value)}>`
    case 'STRUCT':
      return `STRUCT<${type.fields.map(({ name, type: field }) => `\`${name}\` ${typeText(field)}`).join(', ')}>`
    default:
      return type.kind
  }
}
