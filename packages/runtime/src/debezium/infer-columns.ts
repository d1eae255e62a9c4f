import { UnsupportedError } from '@varve/base'
import { ChangeDecoder, isStruct, registeredColumns } from '@varve/cdc-debezium'
import type { ConsumerRecord } from '@varve/kafka'
import type { Column, Columns, RegisteredSchema, SchemaRegistry, SqlType } from '@varve/serde'

/** Records looked at for one that tells the columns. */
const maxRecords = 1_000

/** Columns of the registered schema of a topic of change events. @throws UnsupportedError for a column whose type is not known */
export async function columnsOfSchema(
  registry: SchemaRegistry,
  schema: RegisteredSchema,
): Promise<Columns> {
  return toColumns(await registeredColumns(registry, schema))
}

/** Columns that the schemas inside of a topic's records tell; undefined when none of the first records has any. */
export async function columnsOfRecords(
  records: AsyncIterable<ConsumerRecord>,
  side: 'key' | 'value',
): Promise<Columns | undefined> {
  const decoder = new ChangeDecoder({ format: 'json' })
  let seen = 0
  for await (const record of records) {
    if (seen++ >= maxRecords) return undefined
    const columns = columnsOfRecord(decoder, record, side)
    if (columns !== undefined) return columns
  }
  return undefined
}

function columnsOfRecord(
  decoder: ChangeDecoder,
  record: ConsumerRecord,
  side: 'key' | 'value',
): Columns | undefined {
  let change
  try {
    change = decoder.decode(record)
  } catch {
    // What cannot be read is reported when the source is read.
    return undefined
  }
  if (change.kind !== 'row' || change.columns.size === 0) return undefined
  const { columns, key } = change
  const types = new Map([...columns].map(([name, { type }]) => [name, type]))
  if (side === 'value') return toColumns(types)
  if (!isStruct(key)) return []
  return toColumns(new Map(Object.keys(key).map((name) => [name, types.get(name)])))
}

function toColumns(types: ReadonlyMap<string, SqlType | undefined>): Columns {
  const names = [...types.keys()]
  const upper = names.map((name) => name.toUpperCase())
  return [...types].map(([name, type], i): Column => {
    if (type === undefined)
      throw new UnsupportedError(
        `column "${name}" is of a type that is not known; declare the columns`,
      )
    // Two names that differ by case alone keep theirs.
    const unique = upper.indexOf(upper[i]!) === upper.lastIndexOf(upper[i]!)
    return { name: unique ? upper[i]! : name, type }
  })
}
