import type { Change, ChangeSource, RangeBound, RangeDelete } from '../change.ts'
import { decodeValue } from '../connect/column-value.ts'
import { fieldSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { asInteger, asList, asObject, asText, type Raw, type RawObject } from '../connect/raw.ts'
import { ChangeDecodeError } from '../errors.ts'
import { isStruct } from '../record/key.ts'
import { timeOf } from '../time-of.ts'
import { Instant, UNAVAILABLE, type StructValue } from '../values/values.ts'
import type { ShapeContext } from './context.ts'
import { columnsOf, decodeRow } from './row.ts'

const RANGE_START = '_range_start'
const RANGE_END = '_range_end'
/** Milliseconds beyond this are microseconds: the connector's manual shows such. */
const LATEST_MS = 100_000_000_000_000n

/**
 * Decodes an event of Cassandra: rows of cells, of which only those written are there. `r` deletes a range of rows, and so does a `t` with a
 * key, which is what the connector's own transformation makes of it.
 */
export function decodeCassandra(context: ShapeContext, source: ChangeSource | undefined): Change {
  const { value, key, record } = context
  const block = asObject(value.get('source'))
  const cells = asObject(value.get('after'))
  const letter = asText(value.get('op'))?.toLowerCase() ?? ''
  // Inference would widen the symbol in the key's type.
  const common: Pick<RangeDelete, 'topic' | 'key' | 'source' | 'time' | 'processedTime'> = {
    topic: record.topic,
    key: key.value,
    source,
    time: timeOfWrite(block),
    processedTime: timeOf(value),
  }
  switch (letter) {
    case 't':
    case 'r':
      if (letter === 't' && key.value === null)
        return {
          ...common,
          kind: 'truncate',
          op: 't',
          effect: 'truncate',
          transaction: undefined,
          transactionKey: undefined,
        }
      return {
        ...common,
        kind: 'range-delete',
        op: 'r',
        effect: 'delete-range',
        start: readBound(cells, RANGE_START),
        end: readBound(cells, RANGE_END),
      }
    case 'd':
      // Without its clustering columns a key is a whole partition.
      if (isStruct(key.value) && Object.values(key.value).includes(null))
        return {
          ...common,
          kind: 'range-delete',
          op: 'd',
          effect: 'delete-range',
          start: undefined,
          end: undefined,
        }
      break
    case 'i':
    case 'c':
    case 'u':
      break
    default:
      throw new ChangeDecodeError(
        'unknown-operation',
        `unknown operation "${letter.slice(0, 20)}"`,
        { path: 'op' },
      )
  }
  const op = letter === 'i' || letter === 'c' ? 'c' : letter
  const schema = rowSchema(fieldSchema(context.schema, 'after'))
  const after = op === 'd' ? null : readCells(context, schema, cells)
  return {
    ...common,
    kind: 'row',
    shape: 'cassandra',
    op,
    opInferred: false,
    rowsMayBePartial: false,
    effect: op === 'd' ? 'delete' : 'upsert',
    before: null,
    beforeTrusted: null,
    after,
    unavailable:
      after === null ? [] : Object.keys(after).filter((name) => after[name] === UNAVAILABLE),
    columns: columnsOf(context, schema),
    table: source?.table,
    transaction: undefined,
    transactionKey: undefined,
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    metadata: undefined,
  }
}

/** Columns without a cell were not written: they are unavailable. */
function readCells(
  context: ShapeContext,
  schema: ConnectSchema | undefined,
  cells: RawObject | undefined,
): StructValue {
  if (cells === undefined)
    throw new ChangeDecodeError('invalid-envelope', 'the row is no object', { path: 'after' })
  const values = new Map<string, Raw>()
  const untouched = new Set<string>()
  for (const [name, cell] of cells) {
    if (name === RANGE_START || name === RANGE_END) continue
    const value = asObject(cell)?.get('value')
    if (cell !== null && value === undefined)
      throw new ChangeDecodeError('invalid-envelope', 'the column is no cell', {
        path: `after.${name}`,
      })
    if (cell === null) untouched.add(name)
    values.set(name, value ?? null)
  }
  // Cells hold no placeholders.
  const row = decodeRow({ ...context, unavailable: () => false }, schema, values, 'after')!
  return untouched.size === 0 ? row : withoutValues(row, untouched)
}

function withoutValues(row: StructValue, names: ReadonlySet<string>): StructValue {
  const marked = Object.create(null) as Record<string, StructValue[string]>
  for (const [name, value] of Object.entries(row))
    marked[name] = names.has(name) ? UNAVAILABLE : value
  return marked
}

/** The schema of the values in the cells. */
function rowSchema(schema: ConnectSchema | undefined): ConnectSchema | undefined {
  if (schema === undefined) return undefined
  return {
    ...schema,
    fields: schema.fields
      .filter(({ name }) => name !== RANGE_START && name !== RANGE_END)
      .map((field) => ({ name: field.name, schema: fieldSchema(field.schema, 'value') })),
  }
}

function readBound(cells: RawObject | undefined, name: string): RangeBound | undefined {
  const raw = asObject(cells?.get(name))
  const bound = asObject(raw?.get('value')) ?? raw
  if (bound === undefined) return undefined
  return {
    method: asText(bound.get('method')) ?? '',
    values: (asList(bound.get('values')) ?? []).map((entry) => {
      const of = asObject(entry)
      return {
        name: asText(of?.get('name')) ?? '',
        value: decodeValue(undefined, of?.get('value') ?? null, `after.${name}`),
        type: asText(of?.get('type')),
      }
    }),
  }
}

function timeOfWrite(block: RawObject | undefined): Instant | undefined {
  const ms = asInteger(block?.get('ts_ms'))
  const alone = block?.has('ts_us') !== true && block?.has('ts_ns') !== true
  return alone && ms !== undefined && ms > LATEST_MS ? new Instant(ms * 1000n) : timeOf(block)
}
