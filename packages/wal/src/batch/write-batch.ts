import {
  assert,
  ByteWriter,
  copyRange,
  CorruptionError,
  readFixed32,
  toBytes,
  ValueType,
  writeFixed32,
  writeFixed64,
  writeVarint,
} from '@varve/base'

import {
  iterateWriteBatch,
  sequenceOfBatch,
  WriteBatchCursor,
  type WriteBatchHandler,
} from './write-batch-cursor.ts'

/** Bytes of sequence and count before the first entry. */
const writeBatchHeaderBytes = 12
/** Room before a batch in its memory, in which a log writes the header of the record: nothing need be moved for it. @internal */
export const recordStart = 16
/** Of the lengths of a key and a value. */
const maxLengthBytes = 20
const entriesStart = recordStart + writeBatchHeaderBytes

/** Names a column family by its id; handles of lsm-core are such. */
export interface ColumnFamilyRef {
  readonly id: number
}

/** Where an entry of a batch goes. */
export interface WriteBatchEntryOptions {
  /** Default: the family `default`. */
  readonly cf?: ColumnFamilyRef | undefined
}

const noIds: readonly number[] = []

const plainTypes: ReadonlySet<number> = new Set([
  ValueType.Value,
  ValueType.Deletion,
  ValueType.SingleDeletion,
  ValueType.Merge,
  ValueType.RangeDeletion,
  ValueType.LogData,
])

interface SavePoint {
  readonly length: number
  readonly count: number
}

/**
 * Changes that are written together or not at all, in the bytes that a WAL record holds:
 *
 *     fixed64 sequence of the first entry | fixed32 count | entries: tag, [varint32 family,] slices
 *
 * Strings are UTF-8. Keys and values are copied when they are added. A batch may be written more than once and reused
 * after {@link clear}.
 *
 * @example
 * ```ts
 * await db.write(new WriteBatch().put('a', '1').delete('b'), { sync: true })
 * ```
 */
export class WriteBatch {
  readonly #out: ByteWriter
  #count: number
  #savePoints: SavePoint[] | undefined
  /** Ids other than 0 that entries name; kept beside the bytes so that a database can check them without a walk. */
  #columnFamilyIds: Set<number> | undefined
  #plain = true
  /** The family that all entries so far name; -1 before the first, -2 when there are several. */
  #family = -1

  constructor(capacityBytes: number = 256) {
    this.#out = new ByteWriter(entriesStart + capacityBytes)
    this.#out.zeros(entriesStart)
    this.#count = 0
    this.#savePoints = undefined
  }

  /** A batch with a copy of `data`. @throws CorruptionError when it is malformed or its count is wrong */
  static from(data: Uint8Array): WriteBatch {
    if (data.length < writeBatchHeaderBytes) throw new CorruptionError('log record too small')
    const batch = new WriteBatch(data.length)
    batch.#out.truncate(recordStart).raw(data)
    batch.#count = readFixed32(data, 8)
    const cursor = new WriteBatchCursor(data)
    while (cursor.next()) {
      batch.#noteFamily(cursor.columnFamilyId)
      if (!plainTypes.has(cursor.type)) batch.#plain = false
    }
    return batch
  }

  /** Ids of the families that entries name, without the default family's 0; those of entries rolled back may be among them. */
  get columnFamilyIds(): Iterable<number> {
    return this.#columnFamilyIds ?? noIds
  }

  /** Whether all entries name the same family. */
  get ofOneFamily(): boolean {
    return this.#family !== -2
  }

  /** Whether all entries are of the kinds this class adds: no blob indexes, wide columns or marks of two-phase commit. */
  get plain(): boolean {
    return this.#plain
  }

  /** Entries that take a sequence number; log data and markers do not. */
  get count(): number {
    return this.#count
  }

  /** Size of {@link data}. */
  get sizeBytes(): number {
    return this.#out.length - recordStart
  }

  /** Sequence number of the first entry; set by the database when the batch is written. */
  get sequence(): number {
    return sequenceOfBatch(this.#out.bytes, recordStart)
  }

  set sequence(sequence: number) {
    writeFixed64(this.#out.bytes, recordStart, sequence)
  }

  /** The batch's bytes, a view borrowed until the next change. */
  get data(): Uint8Array {
    this.seal()
    return this.#out.view(recordStart)
  }

  /**
   * Hot. The memory that {@link data} is in, from {@link recordStart} to `recordStart + sizeBytes`, borrowed until the next change. What lies before may be
   * written over. @internal
   */
  seal(): Uint8Array {
    const { bytes } = this.#out
    writeFixed32(bytes, recordStart + 8, this.#count)
    return bytes
  }

  put(
    key: string | Uint8Array,
    value: string | Uint8Array,
    options?: WriteBatchEntryOptions,
  ): this {
    return this.putTo(options?.cf?.id ?? 0, toBytes(key), toBytes(value))
  }

  delete(key: string | Uint8Array, options?: WriteBatchEntryOptions): this {
    return this.deleteFrom(options?.cf?.id ?? 0, toBytes(key))
  }

  /** Deletes a key that was put once since its last deletion; cheaper to compact away than {@link delete}. */
  singleDelete(key: string | Uint8Array, options?: WriteBatchEntryOptions): this {
    this.#tag(ValueType.SingleDeletion, ValueType.ColumnFamilySingleDeletion, options?.cf?.id ?? 0)
    this.#out.slice(toBytes(key))
    return this
  }

  /** Adds an operand for the family's merge operator. */
  merge(
    key: string | Uint8Array,
    operand: string | Uint8Array,
    options?: WriteBatchEntryOptions,
  ): this {
    this.#tag(ValueType.Merge, ValueType.ColumnFamilyMerge, options?.cf?.id ?? 0)
    this.#out.slice(toBytes(key)).slice(toBytes(operand))
    return this
  }

  /** Deletes every key from `begin` (inclusive) to `end` (exclusive) in the family's order. */
  deleteRange(
    begin: string | Uint8Array,
    end: string | Uint8Array,
    options?: WriteBatchEntryOptions,
  ): this {
    this.#tag(ValueType.RangeDeletion, ValueType.ColumnFamilyRangeDeletion, options?.cf?.id ?? 0)
    this.#out.slice(toBytes(begin)).slice(toBytes(end))
    return this
  }

  /** A note for readers of the log; it reaches no table and takes no sequence number. */
  logData(blob: Uint8Array): this {
    this.#out.byte(ValueType.LogData).slice(blob)
    return this
  }

  /** {@link put} for hot paths: no options object, no strings. */
  putTo(columnFamilyId: number, key: Uint8Array, value: Uint8Array): this {
    this.#tag(ValueType.Value, ValueType.ColumnFamilyValue, columnFamilyId)
    const out = this.#out
    const keyLength = key.length
    const valueLength = value.length
    out.reserve(maxLengthBytes + keyLength + valueLength)
    const { bytes } = out
    const keyStart = writeVarint(bytes, out.length, keyLength)
    copyRange(key, 0, keyLength, bytes, keyStart)
    const valueStart = writeVarint(bytes, keyStart + keyLength, valueLength)
    copyRange(value, 0, valueLength, bytes, valueStart)
    out.length = valueStart + valueLength
    return this
  }

  /** {@link delete} for hot paths: no options object, no strings. */
  deleteFrom(columnFamilyId: number, key: Uint8Array): this {
    this.#tag(ValueType.Deletion, ValueType.ColumnFamilyDeletion, columnFamilyId)
    this.#out.slice(key)
    return this
  }

  /** Adds all entries of `other` behind those of this one. */
  append(other: WriteBatch): this {
    this.#out.raw(other.#out.bytes, entriesStart, other.#out.length)
    this.#count += other.#count
    for (const id of other.columnFamilyIds) this.#noteFamily(id)
    if (other.#family !== -1 && other.#family !== this.#family)
      this.#family = this.#family === -1 ? other.#family : -2
    this.#plain &&= other.#plain
    return this
  }

  /** Remembers the present end; {@link rollbackToSavePoint} comes back to the last one remembered. */
  setSavePoint(): this {
    this.#savePoints ??= []
    this.#savePoints.push({ length: this.#out.length, count: this.#count })
    return this
  }

  /** Forgets what was added since the last save point, and the save point. */
  rollbackToSavePoint(): this {
    const point = this.#savePoints?.pop()
    assert(point !== undefined, 'a save point was set')
    this.#out.truncate(point.length)
    this.#count = point.count
    return this
  }

  /** Forgets the last save point and keeps what was added since. */
  popSavePoint(): this {
    assert(this.#savePoints?.pop() !== undefined, 'a save point was set')
    return this
  }

  /** Empties the batch and keeps its memory. */
  clear(): this {
    this.#out.truncate(recordStart).zeros(writeBatchHeaderBytes)
    this.#plain = true
    this.#count = 0
    this.#savePoints = undefined
    this.#columnFamilyIds?.clear()
    this.#family = -1
    return this
  }

  /** Calls `handler` for every entry in order. @throws CorruptionError when the bytes are malformed or the count is wrong */
  iterate(handler: WriteBatchHandler): void {
    iterateWriteBatch(this.data, handler)
  }

  #tag(plain: number, withFamily: number, columnFamilyId: number): void {
    // The default family always takes the form without an id.
    if (columnFamilyId === 0) this.#out.byte(plain)
    else this.#out.byte(withFamily).varint(columnFamilyId)
    if (columnFamilyId !== this.#family) this.#noteFamily(columnFamilyId)
    this.#count++
  }

  #noteFamily(id: number): void {
    this.#family = this.#family === -1 || this.#family === id ? id : -2
    if (id === 0) return
    this.#columnFamilyIds ??= new Set()
    this.#columnFamilyIds.add(id)
  }
}
