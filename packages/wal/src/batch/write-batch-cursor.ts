import {
  ByteReader,
  CorruptionError,
  readFixed32,
  readFixed64,
  UnsupportedError,
  ValueType,
  type ByteSource,
} from '@varve/base'

const headerBytes = 12

/** Receives the entries of a batch; slices are views of the batch. A method that is missing ignores its kind. */
export interface WriteBatchHandler {
  put?(columnFamilyId: number, key: Uint8Array, value: Uint8Array): void
  delete?(columnFamilyId: number, key: Uint8Array): void
  singleDelete?(columnFamilyId: number, key: Uint8Array): void
  merge?(columnFamilyId: number, key: Uint8Array, operand: Uint8Array): void
  deleteRange?(columnFamilyId: number, begin: Uint8Array, end: Uint8Array): void
  logData?(blob: Uint8Array): void
  /** Entries of features above plain batches: blob indexes, wide columns, marks of two-phase commit. */
  other?(type: number, columnFamilyId: number, key: Uint8Array, value: Uint8Array): void
}

/**
 * Walks the entries of a batch without allocating: after {@link next} the fields describe the entry, slices by their
 * bounds in `data`. The type is the one without column family.
 */
export class WriteBatchCursor {
  /** The batch is its `[start, end)`. */
  data: Uint8Array
  start: number
  /** One of {@link ValueType}, never a ColumnFamily form. */
  type = 0
  columnFamilyId = 0
  keyStart = 0
  keyEnd = 0
  /** Value, operand, end of a range; empty for the rest. */
  valueStart = 0
  valueEnd = 0
  /** Whether the entry takes a sequence number. */
  counted = false
  #reader: ByteReader
  #counted = 0

  /** Of the batch `data[start, end)`; `source` names the log for errors. @throws CorruptionError when it has no header */
  constructor(
    data: Uint8Array,
    source: ByteSource = {},
    start: number = 0,
    end: number = data.length,
  ) {
    if (end - start < headerBytes) {
      throw new CorruptionError('log record too small', {
        ...(source.file === undefined ? {} : { file: source.file }),
        ...(source.offset === undefined ? {} : { offset: source.offset }),
      })
    }
    this.data = data
    this.start = start
    this.#reader = new ByteReader(data, source)
    this.#reader.reset(data, start + headerBytes, end)
  }

  /** Goes to another batch. */
  reset(data: Uint8Array, start: number, end: number): this {
    this.data = data
    this.start = start
    this.#counted = 0
    this.#reader.reset(data, start + headerBytes, end)
    return this
  }

  /** Sequence number of the first counted entry. @throws UnsupportedError when it is 2^53 or more */
  get sequence(): number {
    return sequenceOfBatch(this.data, this.start)
  }

  /** Counted entries, as the header says. */
  get count(): number {
    return readFixed32(this.data, this.start + 8)
  }

  get end(): number {
    return this.#reader.end
  }

  /** Where the entry that {@link next} comes to begins in {@link data}. */
  get position(): number {
    return this.#reader.position
  }

  get key(): Uint8Array {
    return this.data.subarray(this.keyStart, this.keyEnd)
  }

  get value(): Uint8Array {
    return this.data.subarray(this.valueStart, this.valueEnd)
  }

  /** Moves to the next entry; false at the end. @throws CorruptionError on malformed bytes, or when the count was wrong */
  next(): boolean {
    const reader = this.#reader
    if (reader.position >= reader.end) {
      if (this.#counted !== this.count)
        reader.fail(`${this.count} entries in the write batch, not ${this.#counted}`)
      return false
    }
    const start = reader.position
    if (this.#shortEntry(start)) return true
    const tag = reader.byte()
    this.counted = true
    this.columnFamilyId = 0
    this.keyStart = this.keyEnd = this.valueStart = this.valueEnd = 0
    switch (tag) {
      case ValueType.Value:
      case ValueType.Merge:
      case ValueType.RangeDeletion:
      case ValueType.BlobIndex:
      case ValueType.WideColumnEntity:
      case ValueType.ValuePreferredSeqno:
        this.type = tag
        this.#keyAndValue()
        break
      case ValueType.Deletion:
      case ValueType.SingleDeletion:
        this.type = tag
        this.#keyOnly()
        break
      case ValueType.ColumnFamilyValue:
        this.#familyEntry(ValueType.Value)
        break
      case ValueType.ColumnFamilyMerge:
        this.#familyEntry(ValueType.Merge)
        break
      case ValueType.ColumnFamilyRangeDeletion:
        this.#familyEntry(ValueType.RangeDeletion)
        break
      case ValueType.ColumnFamilyBlobIndex:
        this.#familyEntry(ValueType.BlobIndex)
        break
      case ValueType.ColumnFamilyWideColumnEntity:
        this.#familyEntry(ValueType.WideColumnEntity)
        break
      case ValueType.ColumnFamilyValuePreferredSeqno:
        this.#familyEntry(ValueType.ValuePreferredSeqno)
        break
      case ValueType.ColumnFamilyDeletion:
        this.type = ValueType.Deletion
        this.columnFamilyId = reader.varint32()
        this.#keyOnly()
        break
      case ValueType.ColumnFamilySingleDeletion:
        this.type = ValueType.SingleDeletion
        this.columnFamilyId = reader.varint32()
        this.#keyOnly()
        break
      case ValueType.LogData:
      case ValueType.EndPrepareXID:
      case ValueType.CommitXID:
      case ValueType.RollbackXID:
        this.#uncounted(tag)
        this.#keyOnly()
        break
      case ValueType.CommitXIDAndTimestamp:
        this.#uncounted(tag)
        this.#keyAndValue()
        break
      case ValueType.Noop:
      case ValueType.BeginPrepareXID:
      case ValueType.BeginPersistedPrepareXID:
      case ValueType.BeginUnprepareXID:
        this.#uncounted(tag)
        break
      default:
        reader.fail(`a write batch tag, not ${tag},`, start)
    }
    if (this.counted) this.#counted++
    return true
  }

  /** Hot. Reads the entry at `start` when it is a put of the default family with a key below 128 bytes; nearly all are. */
  #shortEntry(start: number): boolean {
    const { data } = this
    const reader = this.#reader
    const keyStart = start + 2
    if (data[start] !== ValueType.Value || keyStart > reader.end) return false
    const keyEnd = keyStart + data[start + 1]!
    if (data[start + 1]! >= 128 || keyEnd >= reader.end) return false
    let valueStart = keyEnd + 1
    let length = data[keyEnd]!
    if (length >= 128) {
      if (valueStart >= reader.end || data[valueStart]! >= 128) return false
      length = (length & 0x7f) | (data[valueStart++]! << 7)
    }
    if (valueStart + length > reader.end) return false
    this.type = ValueType.Value
    this.columnFamilyId = 0
    this.counted = true
    this.keyStart = keyStart
    this.keyEnd = keyEnd
    this.valueStart = valueStart
    this.valueEnd = reader.position = valueStart + length
    this.#counted++
    return true
  }

  #uncounted(type: number): void {
    this.type = type
    this.counted = false
  }

  #familyEntry(type: number): void {
    this.type = type
    this.columnFamilyId = this.#reader.varint32()
    this.#keyAndValue()
  }

  #keyOnly(): void {
    const reader = this.#reader
    const length = reader.varint32()
    this.keyStart = reader.position
    reader.skip(length)
    this.keyEnd = reader.position
  }

  #keyAndValue(): void {
    const reader = this.#reader
    this.#keyOnly()
    const length = reader.varint32()
    this.valueStart = reader.position
    reader.skip(length)
    this.valueEnd = reader.position
  }
}

/**
 * Sequence number in the header of the batch at `start`.
 *
 * @throws CorruptionError when it has more than the 56 bits of the format
 * @throws UnsupportedError when it is 2^53 or more
 * @internal
 */
export function sequenceOfBatch(data: Uint8Array, start: number): number {
  const sequence = readFixed64(data, start)
  if (sequence >= 2 ** 56)
    throw new CorruptionError('sequence number of a write batch is out of range')
  if (!Number.isSafeInteger(sequence))
    throw new UnsupportedError('sequence numbers of 2^53 and more, which a write batch has')
  return sequence
}

/** Calls `handler` for every entry of the batch `data`. */
export function iterateWriteBatch(
  data: Uint8Array,
  handler: WriteBatchHandler,
  source?: ByteSource,
): void {
  const cursor = new WriteBatchCursor(data, source)
  while (cursor.next()) {
    const { type, columnFamilyId } = cursor
    switch (type) {
      case ValueType.Value:
        handler.put?.(columnFamilyId, cursor.key, cursor.value)
        break
      case ValueType.Deletion:
        handler.delete?.(columnFamilyId, cursor.key)
        break
      case ValueType.SingleDeletion:
        handler.singleDelete?.(columnFamilyId, cursor.key)
        break
      case ValueType.Merge:
        handler.merge?.(columnFamilyId, cursor.key, cursor.value)
        break
      case ValueType.RangeDeletion:
        handler.deleteRange?.(columnFamilyId, cursor.key, cursor.value)
        break
      case ValueType.LogData:
        handler.logData?.(cursor.key)
        break
      default:
        handler.other?.(type, columnFamilyId, cursor.key, cursor.value)
    }
  }
}
