import { DeserializationError } from '@varve/base'
import {
  ChangeDecoder,
  compareMarks,
  isStruct,
  markOf,
  UNAVAILABLE,
  type Change,
  type ChangeDecoderOptions,
  type ColumnHint,
  type ColumnValue,
  type RowChange,
  type SourceMark,
  type StructValue,
  type TruncateChange,
} from '@varve/cdc-debezium'
import type { ConsumerRecord } from '@varve/kafka'
import type {
  Columns,
  FormatSpec,
  Row,
  RowSerde,
  SchemaRegistry,
  SqlType,
  Value,
} from '@varve/serde'

import { ColumnNames } from './column-names.ts'
import { SqlValueError, toSqlValue } from './sql-value.ts'

/** A row of which some columns were not sent. */
export type PartialRow = readonly (Value | typeof UNAVAILABLE)[]

/** A record of a change topic as the engine sees it. */
export interface RowEvent {
  readonly key: Row | null
  readonly op: string
  /** Columns of the table; null for deletes, tombstones and truncates. */
  readonly after: PartialRow | null
  /** As far as it can be believed. */
  readonly before: PartialRow | null
  /** The name of the source, where it is named, and the place in its log. */
  readonly connector: string
  readonly mark: SourceMark | undefined
  /** The event is older than others of its partition that came before it: a connector sends it again. */
  readonly repeated: boolean
  readonly timeMs: number | null
  readonly kind: 'row' | 'tombstone' | 'truncate'
  /** What has become of the source's columns: the reader cannot go on. */
  readonly broken?: string
}

/** What a {@link ChangeReader} reads. */
export interface ChangeReaderOptions {
  readonly format: FormatSpec
  readonly keyFormat: FormatSpec
  readonly keyColumns: Columns
  /** The row's columns, those of the key left out. */
  readonly rowColumns: Columns
  /** Reads keys of other formats. */
  readonly keySerde: RowSerde
  readonly registry: SchemaRegistry
}

/** How far a partition is. */
interface PartitionState {
  /** Greatest place in the source's log, and the offset it was seen at. */
  mark: SourceMark | undefined
  offset: number
  /** Columns that rows were seen to have. */
  readonly columns: Set<string>
}

/** Reads the records of a topic of change events as rows of declared types. Synchronous; {@link prepare} fetches schemas. */
export class ChangeReader {
  readonly #options: ChangeReaderOptions
  readonly #common: ChangeDecoderOptions
  readonly #typed: ChangeDecoder
  /** For records that carry no types: told those of the declared columns, by the names that rows really have. */
  #hinted: ChangeDecoder
  #hintedNames = ''
  readonly #keyNames = new ColumnNames()
  readonly #rowNames = new ColumnNames()
  readonly #partitions = new Map<number, PartitionState>()
  #waiting: ConsumerRecord | undefined

  constructor(options: ChangeReaderOptions) {
    this.#options = options
    const { registry, format, keyColumns } = options
    const common: ChangeDecoderOptions = {
      ...(format.beforeIsComplete === undefined
        ? {}
        : { beforeIsComplete: format.beforeIsComplete }),
      plainRows: true,
      ...(keyColumns.length === 1 ? { keyColumns: [keyColumns[0]!.name] } : {}),
    }
    this.#common = common
    this.#typed = new ChangeDecoder({ ...common, registry })
    this.#hinted = this.#typed
  }

  /** Fetches the schemas of the record that {@link read} could not read. */
  async prepare(): Promise<void> {
    const record = this.#waiting
    this.#waiting = undefined
    if (record === undefined) return
    await this.#typed.prepare(record)
    if (record.key !== null) await this.#options.keySerde.prepare(record.key)
  }

  /**
   * A record as an event; undefined for one that is no change of a row (heartbeats, messages and the like).
   *
   * @throws DeserializationError for one that cannot be read, SchemaNotLoadedError before {@link prepare}
   */
  read(record: ConsumerRecord): RowEvent | undefined {
    const typed = hasTypes(record)
    let change: Change
    try {
      change = typed ? this.#typed.decode(record) : this.#decodeUntyped(record)
    } catch (error) {
      if (error instanceof Error && error.name === 'SchemaNotLoadedError') this.#waiting = record
      throw error
    }
    switch (change.kind) {
      case 'row':
        return this.#row(change, record, typed)
      case 'tombstone':
        return {
          ...this.#commonOf(undefined, record),
          kind: 'tombstone',
          op: 'd',
          key: this.#key(change, record),
        }
      case 'truncate':
        return { ...this.#commonOf(change, record), kind: 'truncate', op: 't', key: null }
      case 'range-delete':
        throw new DeserializationError('deletes of ranges of rows are not supported')
      case 'raw':
        throw new DeserializationError('the record is no change event')
      default:
        return undefined
    }
  }

  #decodeUntyped(record: ConsumerRecord): Change {
    const change = this.#hinted.decode(record)
    const row = change.kind === 'row' ? (change.after ?? change.before) : null
    if (row === null) return change
    const names = this.#rowNames.of(row)
    const signature = [...names.values()].join('\n')
    if (signature === this.#hintedNames) return change
    const { keyColumns, rowColumns, registry } = this.#options
    const columns = Object.create(null) as Record<string, ColumnHint>
    for (const { name, type } of [...keyColumns, ...rowColumns]) {
      const [own, hint] = [names.get(name), hintOf(type)]
      if (own !== undefined && hint !== undefined) columns[own] = hint
    }
    this.#hinted = new ChangeDecoder({ ...this.#common, columns, registry })
    this.#hintedNames = signature
    return this.#hinted.decode(record)
  }

  #commonOf(
    change: RowChange | TruncateChange | undefined,
    record: ConsumerRecord,
  ): Omit<RowEvent, 'key' | 'op' | 'kind'> {
    const mark = change === undefined ? undefined : markOf(change)
    const connector = change?.source?.connector ?? ''
    return {
      after: null,
      before: null,
      connector,
      mark,
      repeated: this.#isRepeated(connector, mark, record),
      timeMs: change?.time?.epochMilliseconds ?? null,
    }
  }

  /** Within a partition events come in the order of the log: one that is older than what came before it has come before, too. */
  #isRepeated(connector: string, mark: SourceMark | undefined, record: ConsumerRecord): boolean {
    const state = this.#stateOf(record)
    if (mark === undefined || mark.read) return false
    const order = compareMarks(connector, mark, state.mark)
    if (order === 'older') return true
    state.mark = mark
    state.offset = record.offset
    return false
  }

  #stateOf({ partition, offset }: ConsumerRecord): PartitionState {
    let state = this.#partitions.get(partition)
    // A task that begins again reads records again: that is no news of the connector.
    if (state === undefined || offset <= state.offset) {
      state = { mark: undefined, offset: -1, columns: new Set() }
      this.#partitions.set(partition, state)
    }
    return state
  }

  #row(change: RowChange, record: ConsumerRecord, typed: boolean): RowEvent {
    if (change.rowsMayBePartial)
      throw new DeserializationError('rows of which unchanged columns are null are not supported')
    if (change.effect === 'patch')
      throw new DeserializationError('updates without their document are not supported')
    const common = this.#commonOf(change, record)
    const event = {
      ...common,
      kind: 'row' as const,
      op: change.op ?? (change.effect === 'delete' ? 'd' : 'u'),
      key: this.#key(change, record),
    }
    try {
      const dropped = common.repeated ? undefined : this.#dropped(change.after, record.partition)
      if (dropped !== undefined)
        return { ...event, broken: `column "${dropped}" is not sent any more` }
      return {
        ...event,
        after: change.after === null ? null : this.#values(change.after),
        before: change.beforeTrusted === null ? null : this.#values(change.beforeTrusted),
      }
    } catch (error) {
      if (!(error instanceof SqlValueError)) throw error
      // Types that the record itself declares do not fit: so will all that follow.
      if (typed && error.reason === 'type' && !common.repeated)
        return { ...event, broken: error.message }
      throw new DeserializationError(error.message, { cause: error })
    }
  }

  #key(change: Change, record: ConsumerRecord): Row | null {
    const { keyFormat, keyColumns, keySerde } = this.#options
    if (!keyFormat.format.startsWith('DEBEZIUM_')) return keySerde.deserialize(record.key)
    if (change.key === null || keyColumns.length === 0) return null
    const key = change.key
    try {
      if (!isStruct(key)) return [toSqlValue(key, keyColumns[0]!.type)]
      const names = this.#keyNames.of(key)
      return keyColumns.map(({ name, type }) => {
        const column = names.get(name)
        if (column === undefined) throw new DeserializationError(`the key has no column "${name}"`)
        return valueOf(key[column]!, name, type)
      })
    } catch (error) {
      if (!(error instanceof SqlValueError)) throw error
      throw new DeserializationError(`the key: ${error.message}`, { cause: error })
    }
  }

  #values(row: StructValue): PartialRow {
    const names = this.#rowNames.of(row)
    return [...this.#options.keyColumns, ...this.#options.rowColumns].map(({ name, type }) => {
      const column = names.get(name)
      const value = column === undefined ? null : row[column]!
      return value === UNAVAILABLE ? UNAVAILABLE : valueOf(value, name, type)
    })
  }

  /** A declared column that earlier rows of the partition had and this one has not. */
  #dropped(row: StructValue | null, partition: number): string | undefined {
    if (row === null) return undefined
    const names = this.#rowNames.of(row)
    const { columns } = this.#partitions.get(partition)!
    for (const { name } of this.#options.rowColumns) {
      if (names.has(name)) columns.add(name)
      else if (columns.has(name)) return name
    }
    return undefined
  }
}

function valueOf(value: ColumnValue, name: string, type: SqlType): Value {
  try {
    return toSqlValue(value, type)
  } catch (error) {
    if (!(error instanceof SqlValueError)) throw error
    throw new SqlValueError(error.reason, `column "${name}": ${error.message}`)
  }
}

const schemaAhead = Buffer.from('{"schema":{')

/** Whether the record says the types of its columns. */
function hasTypes({ value, headers }: ConsumerRecord): boolean {
  if (value === null || value[0] !== 0x7b) return true
  if (headers.some(({ key }) => key === '__value_schema_id' || key.startsWith('apicurio.value.')))
    return true
  return Buffer.from(value.buffer, value.byteOffset, value.length)
    .subarray(0, schemaAhead.length)
    .equals(schemaAhead)
}

/** What a declared column holds where a record carries no types, for types whose form is sure. */
function hintOf(type: SqlType): ColumnHint | undefined {
  switch (type.kind) {
    case 'BIGINT':
      return 'int64'
    case 'INTEGER':
      return 'int32'
    case 'DOUBLE':
      return 'double'
    case 'BYTES':
      return 'bytes'
    case 'DATE':
      return 'date'
    case 'TIMESTAMP':
      return 'io.debezium.time.ZonedTimestamp'
    case 'TIME':
      return 'io.debezium.time.IsoTime'
    case 'DECIMAL':
      return { name: 'decimal', scale: type.scale }
    default:
      return undefined
  }
}
