import type {
  ColumnDefinition,
  SchemaChange,
  SourceSchema,
  TableDefinitionChange,
} from '../change.ts'
import { fieldSchema } from '../connect/connect-schema.ts'
import { asInteger, asList, asName, asObject, asText, type Raw } from '../connect/raw.ts'
import { timeOf } from '../time-of.ts'
import type { ShapeContext } from './context.ts'
import { readSource } from './source.ts'

/** Decodes an event of the topic that announces DDL. */
export function decodeSchemaChange(context: ShapeContext): SchemaChange {
  const { value, record, key } = context
  const source = asObject(value.get('source'))
  return {
    kind: 'schema-change',
    topic: record.topic,
    key: key.value,
    effect: 'none',
    database: asName(value.get('databaseName')),
    schema: asName(value.get('schemaName')),
    ddl: asText(value.get('ddl')),
    changes: (asList(value.get('tableChanges')) ?? []).map(readChange),
    source:
      source === undefined ? undefined : readSource(source, fieldSchema(context.schema, 'source')),
    time: timeOf(source) ?? timeOf(value),
  }
}

/** The block that `ExtractSchemaToNewRecord` adds to envelopes; undefined for anything else. */
export function readSourceSchema(raw: Raw | undefined): SourceSchema | undefined {
  const block = asObject(raw)
  if (block === undefined) return undefined
  const columns = asList(asObject(block.get('table'))?.get('columns')) ?? []
  return { table: asName(block.get('id')), columns: columns.map(readColumn) }
}

function readChange(raw: Raw): TableDefinitionChange {
  const change = asObject(raw)
  const table = asObject(change?.get('table'))
  const previous = asName(change?.get('previousId'))
  const ids = [
    ...(previous === undefined ? [] : splitIds(previous)),
    ...splitIds(asText(change?.get('id')) ?? ''),
  ]
  return {
    type: asText(change?.get('type')) ?? '',
    // A rename names the old table and the new one.
    tableId: ids.at(-1) ?? [],
    previousTableId: ids.length > 1 ? ids[0] : undefined,
    primaryKey: (asList(table?.get('primaryKeyColumnNames')) ?? []).map(
      (name) => asText(name) ?? '',
    ),
    columns: (asList(table?.get('columns')) ?? []).map(readColumn),
  }
}

function readColumn(raw: Raw): ColumnDefinition {
  const column = asObject(raw)
  const number = (name: string): number | undefined => {
    const value = asInteger(column?.get(name))
    return value === undefined ? undefined : Number(value)
  }
  const flag = (name: string): boolean | undefined => {
    const value = column?.get(name)
    return typeof value === 'boolean' ? value : undefined
  }
  return {
    name: asText(column?.get('name')) ?? '',
    type: asText(column?.get('typeName')),
    jdbcType: number('jdbcType'),
    length: number('length'),
    scale: number('scale'),
    optional: flag('optional'),
    autoIncremented: flag('autoIncremented'),
    default: asText(column?.get('defaultValueExpression')),
    ...present({
      typeExpression: asText(column?.get('typeExpression')),
      charset: asText(column?.get('charsetName')),
      position: number('position'),
      generated: flag('generated'),
      comment: asText(column?.get('comment')),
      enumValues: asList(column?.get('enumValues'))?.map((item) => unquote(asText(item) ?? '')),
    }),
  }
}

/** The members that are there. */
function present<T extends object>(members: T): { [name in keyof T]: Exclude<T[name], undefined> } {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as never
}

function unquote(text: string): string {
  return /^'.*'$/s.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text
}

/** `"db"."table"` or several of them with commas between; a doubled quote inside a part stands for one. */
function splitIds(text: string): readonly (readonly string[])[] {
  const ids: string[][] = [[]]
  const part = /"((?:[^"]|"")*)"|[^".,]+|,/g
  for (const match of text.matchAll(part)) {
    if (match[0] === ',') ids.push([])
    else ids.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[0])
  }
  return ids
}
