import type { ColumnNode, PropertyNode, Statement } from '../ast/statement.ts'
import { formatExpression } from './format-expression.ts'
import { formatIdentifier, formatString } from './format-identifier.ts'
import { formatDuration, formatQuery } from './format-query.ts'
import { formatTypeNode } from './format-type.ts'

/** A statement as canonical text with its semicolon. Parses to the same tree (positions aside). */
export function format(statement: Statement): string {
  return `${formatStatement(statement)};`
}

function formatStatement(s: Statement): string {
  const orReplace = 'orReplace' in s && s.orReplace ? 'OR REPLACE ' : ''
  const ifNotExists = 'ifNotExists' in s && s.ifNotExists ? 'IF NOT EXISTS ' : ''
  const ifExists = 'ifExists' in s && s.ifExists ? 'IF EXISTS ' : ''
  const extended = 'extended' in s && s.extended ? ' EXTENDED' : ''
  switch (s.kind) {
    case 'query':
      return formatQuery(s)
    case 'createSource':
      return `CREATE ${orReplace}${s.isSource ? 'SOURCE ' : ''}${s.sourceKind} ${ifNotExists}${formatIdentifier(s.name)}${formatColumns(s.columns)}${formatWith(s.properties)}`
    case 'createAsSelect':
      return `CREATE ${orReplace}${s.sourceKind} ${ifNotExists}${formatIdentifier(s.name)}${formatWith(s.properties)} AS ${formatQuery(s.query)}`
    case 'insertIntoSelect':
      return `INSERT INTO ${formatIdentifier(s.target)}${formatWith(s.properties)} ${formatQuery(s.query)}`
    case 'insertValues':
      return `INSERT INTO ${formatIdentifier(s.target)}${formatNames(s.columns)} VALUES (${s.values.map((e) => formatExpression(e)).join(', ')})`
    case 'dropSource':
      return `DROP ${s.sourceKind} ${ifExists}${formatIdentifier(s.name)}${s.deleteTopic ? ' DELETE TOPIC' : ''}`
    case 'alterSource':
      return `ALTER ${s.sourceKind} ${formatIdentifier(s.name)} ${s.columns
        .map((column) => `ADD COLUMN ${formatColumn(column)}`)
        .join(', ')}`
    case 'createType':
      return `CREATE TYPE ${ifNotExists}${formatIdentifier(s.name)} AS ${formatTypeNode(s.type)}`
    case 'dropType':
      return `DROP TYPE ${ifExists}${formatIdentifier(s.name)}`
    case 'terminate':
    case 'pause':
    case 'resume':
      return `${s.kind.toUpperCase()} ${s.queryId === undefined ? 'ALL' : formatQueryId(s.queryId)}`
    case 'show': {
      const kind = s.connectorKind === undefined ? '' : `${s.connectorKind} `
      return `SHOW ${s.all ? 'ALL ' : ''}${kind}${s.subject}${extended}`
    }
    case 'describe':
      return `DESCRIBE ${formatIdentifier(s.name)}${extended}`
    case 'describeAll':
      return `DESCRIBE ${s.sourceKind}S${extended}`
    case 'describeFunction':
      return `DESCRIBE FUNCTION ${formatIdentifier(s.name)}`
    case 'describeConnector':
      return `DESCRIBE CONNECTOR ${formatIdentifier(s.name)}`
    case 'explain':
      return `EXPLAIN ${typeof s.subject === 'string' ? formatIdentifier(s.subject) : formatStatement(s.subject)}`
    case 'set':
      return `SET ${formatString(s.property)} = ${formatString(s.value)}`
    case 'unset':
      return `UNSET ${formatString(s.property)}`
    case 'alterSystem':
      return `ALTER SYSTEM ${formatString(s.property)} = ${formatString(s.value)}`
    case 'define':
      return `DEFINE ${s.name} = ${formatString(s.value)}`
    case 'undefine':
      return `UNDEFINE ${s.name}`
    case 'runScript':
      return `RUN SCRIPT ${formatString(s.path)}`
    case 'print':
      return `PRINT ${formatString(s.topic)}${s.fromBeginning ? ' FROM BEGINNING' : ''}${
        s.interval === undefined ? '' : ` INTERVAL ${s.interval}`
      }${s.limit === undefined ? '' : ` LIMIT ${s.limit}`}`
    case 'createConnector':
      return `CREATE ${s.connectorKind} CONNECTOR ${ifNotExists}${formatIdentifier(s.name)} WITH (${s.properties
        .map((property) => `${formatString(property.name)} = ${formatPropertyValue(property)}`)
        .join(', ')})`
    case 'dropConnector':
      return `DROP CONNECTOR ${ifExists}${formatIdentifier(s.name)}`
    case 'assertTopic':
      return `ASSERT ${s.exists ? '' : 'NOT EXISTS '}TOPIC ${formatString(s.topic)}${formatWith(s.properties)}${
        s.timeout === undefined ? '' : ` TIMEOUT ${formatDuration(s.timeout)}`
      }`
    case 'assertSchema':
      return `ASSERT ${s.exists ? '' : 'NOT EXISTS '}SCHEMA${
        s.subject === undefined ? '' : ` SUBJECT ${formatString(s.subject)}`
      }${s.id === undefined ? '' : ` ID ${s.id}`}${
        s.timeout === undefined ? '' : ` TIMEOUT ${formatDuration(s.timeout)}`
      }`
    case 'assertValues':
      return `ASSERT ${s.tombstone ? 'NULL ' : ''}VALUES ${formatIdentifier(s.target)}${formatNames(s.columns)} ${
        s.tombstone ? 'KEY' : 'VALUES'
      } (${s.values.map((e) => formatExpression(e)).join(', ')})`
    case 'assertSource':
      return `ASSERT ${s.sourceKind} ${formatIdentifier(s.name)}${formatColumns(s.columns)}${formatWith(s.properties)}`
  }
}

/** Transient ids hold lower case, which the parser keeps without quotes. */
function formatQueryId(id: string): string {
  return /^transient_\w+$/i.test(id) ? id : formatIdentifier(id)
}

function formatColumns(columns: readonly ColumnNode[]): string {
  return columns.length === 0 ? '' : ` (${columns.map(formatColumn).join(', ')})`
}

function formatColumn(column: ColumnNode): string {
  const text = `${formatIdentifier(column.name)} ${formatTypeNode(column.type)}`
  const { constraint } = column
  if (constraint === undefined) return text
  switch (constraint.kind) {
    case 'HEADER':
      return `${text} HEADER(${formatString(constraint.key)})`
    default:
      return `${text} ${constraint.kind}`
  }
}

function formatNames(names: readonly string[] | undefined): string {
  return names === undefined ? '' : ` (${names.map(formatIdentifier).join(', ')})`
}

/** ` WITH (…)`, or nothing. */
export function formatWith(properties: readonly PropertyNode[]): string {
  return properties.length === 0
    ? ''
    : ` WITH (${properties
        .map((property) => `${formatIdentifier(property.name)}=${formatPropertyValue(property)}`)
        .join(', ')})`
}

function formatPropertyValue({ value }: PropertyNode): string {
  if (typeof value === 'string') return formatString(value)
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'number' && !Number.isInteger(value)) return `${value}`.replace('e', 'E')
  return value.toString()
}
