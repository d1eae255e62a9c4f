import { SerializationError, type Clock } from '@varve/base'
import type { RecordMetadata } from '@varve/kafka'
import type { Column, Value } from '@varve/serde'
import type { DataSource } from '@varve/sql'

import { coerceValue, matchMembers } from './coerce-value.ts'
import { EngineError } from './engine-error.ts'
import type { RecordWriter, SourceSerdes } from './record-writer.ts'

/** A row to insert: members by column name (in any case for names that were not quoted); ROWTIME sets its time. */
export type InsertRow = Readonly<Record<string, unknown>>

/** @throws EngineError when rows of this source do not come from INSERT */
export function checkInsertable(source: DataSource): void {
  const refuse = (why: string): never => {
    throw new EngineError('statement', `Cannot insert into ${source.name}: ${why}`)
  }
  if (source.isSource) refuse('it is read-only')
  if (source.window !== undefined) refuse('its keys are windowed')
  if (source.headerColumns.length > 0) refuse('it has header columns')
}

/** Inserts rows into one source. */
export class RowInserter {
  readonly #source: DataSource
  readonly #serdes: SourceSerdes
  readonly #writer: RecordWriter
  readonly #clock: Clock
  readonly #columns: readonly Column[]
  readonly #names: readonly string[]

  constructor(source: DataSource, serdes: SourceSerdes, writer: RecordWriter, clock: Clock) {
    checkInsertable(source)
    this.#source = source
    this.#serdes = serdes
    this.#writer = writer
    this.#clock = clock
    this.#columns = [...source.keyColumns, ...source.valueColumns]
    this.#names = [...this.#columns.map((column) => column.name), 'ROWTIME']
  }

  /** Resolves once the row is acknowledged. Columns not given are null. @throws SerializationError */
  async insert(row: InsertRow): Promise<RecordMetadata> {
    const members = matchMembers(row, this.#names)
    const values = this.#columns.map((column, i) =>
      coerceValue(members[i], column.type, column.name),
    )
    const keyCount = this.#source.keyColumns.length
    const key: readonly Value[] = values.slice(0, keyCount)
    if (this.#source.kind === 'TABLE' && key.some((part) => part === null)) {
      throw new SerializationError(
        `a row of table "${this.#source.name}" needs its primary key: ${this.#names.slice(0, keyCount).join(', ')}`,
      )
    }
    const time = coerceValue(members[this.#columns.length], { kind: 'BIGINT' }, 'ROWTIME')
    return this.#writer.write(this.#source, this.#serdes, {
      key: keyCount === 0 || key.every((part) => part === null) ? null : key,
      value: values.slice(keyCount),
      timestamp: time === null ? this.#clock.now() : Number(time),
    })
  }
}
