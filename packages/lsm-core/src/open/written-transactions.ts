import { byteText, ByteWriter, CorruptionError, UnsupportedError, ValueType } from '@varve/base'
import type { Memtable } from '@varve/memtable'
import { WriteBatchCursor } from '@varve/wal'

import type { RecoveredTransaction } from '../db/two-phase-log.ts'

/** Bytes in front of the first entry of a batch. */
const headerBytes = 12

/** Memtable of a family for what log `logNumber` holds of it; undefined when the family is gone, or has it in tables. */
type MemtableAt = (columnFamilyId: number, logNumber: number) => Memtable | undefined

/** What the replay of such logs must know of the database. */
export interface WrittenTransactionsTarget {
  readonly memtableAt: MemtableAt
  /** Whether tables may hold what the log has of a family. */
  isFlushed(columnFamilyId: number, logNumber: number): boolean
}

interface Entry {
  readonly sequence: number
  readonly type: number
  readonly columnFamilyId: number
  readonly key: Uint8Array
  readonly value: Uint8Array
}

interface Section {
  readonly logNumber: number
  readonly entries: Entry[]
  /** The bytes of the entries. */
  readonly data: Uint8Array
  /** It ended a prepare: until then, a transaction that is written bit by bit is rolled back when nobody decides it. */
  readonly isPrepared: boolean
}

/**
 * Logs of RocksDB's transactions that are written before they commit (the policies write-prepared and write-unprepared).
 *
 * A sequence number there is that of a batch, not of an entry: all entries have the same, up to a Noop, the end of a section or
 * a key that the batch had before. Records of several writers stand together in one, each with a Noop behind it; by such a Noop the
 * policy is known, or by its sections:
 *
 *     prepare    BeginPersistedPrepare or BeginUnprepare, entries, EndPrepare name
 *     commit     Commit name
 *     rollback   what undoes the entries, Rollback name
 *
 * RocksDB puts the entries of a section into the memtables at once and hides them until they are committed. Here they enter when
 * the transaction is decided, with their own sequence numbers.
 */
export class WrittenTransactions {
  readonly #target: WrittenTransactionsTarget
  readonly #sections = new Map<string, { readonly name: Uint8Array; readonly all: Section[] }>()
  #isFound = false

  constructor(target: WrittenTransactionsTarget) {
    this.#target = target
  }

  /**
   * Whether the batch is of such transactions, as far as the logs were read; the cursor stands before the first entry. What is
   * prepared in the other policy's form was logged anew by an opening here that did not come to its end.
   */
  takes(cursor: WriteBatchCursor): boolean {
    this.#isFound ||= beginsSection(cursor.data) || endsInNoop(cursor)
    return this.#isFound && cursor.data[headerBytes] !== ValueType.BeginPrepareXID
  }

  /** Inserts a batch of log `logNumber`. Returns the sequence number after it. */
  insert(cursor: WriteBatchCursor, logNumber: number): number {
    const { sequence: first, data } = cursor
    let sequence = first
    const keys = new Set<string>()
    let section:
      { readonly entries: Entry[]; readonly start: number; isPrepared: boolean } | undefined
    const nextBatch = (): void => {
      sequence++
      keys.clear()
    }
    for (let end = cursor.position; cursor.next(); end = cursor.position) {
      const { type, columnFamilyId, key } = cursor
      switch (type) {
        case ValueType.LogData:
          continue
        case ValueType.Noop:
          if (keys.size > 0) nextBatch()
          continue
        case ValueType.BeginPersistedPrepareXID:
        case ValueType.BeginUnprepareXID: {
          const isPrepared = type === ValueType.BeginPersistedPrepareXID
          section = { entries: [], start: cursor.position, isPrepared }
          continue
        }
        case ValueType.EndPrepareXID:
          if (section === undefined) throw new CorruptionError('end of no prepared transaction')
          this.#keep(key, {
            logNumber,
            entries: section.entries,
            data: new Uint8Array(data.subarray(section.start, end)),
            isPrepared: section.isPrepared,
          })
          section = undefined
          nextBatch()
          continue
        case ValueType.CommitXID:
        case ValueType.RollbackXID:
          this.#decide(key)
          nextBatch()
          continue
      }
      if (!cursor.counted || !isPlain(type)) {
        throw new UnsupportedError(
          `tag ${type} in a log of transactions written before they commit`,
        )
      }
      const id = `${columnFamilyId}/${byteText(key)}`
      if (keys.has(id)) nextBatch()
      keys.add(id)
      const entry = { sequence, type, columnFamilyId, key, value: cursor.value }
      if (section === undefined) this.#insert(entry, logNumber)
      else {
        section.entries.push({
          ...entry,
          key: new Uint8Array(key),
          value: new Uint8Array(entry.value),
        })
      }
    }
    if (section !== undefined) throw new CorruptionError('prepared transaction without an end')
    return keys.size > 0 ? sequence + 1 : sequence
  }

  /**
   * The transactions that are prepared and not decided, but for those that were logged anew.
   *
   * @throws UnsupportedError when tables may hold a part of one that is not committed, for nothing there tells it from other entries
   */
  finish(loggedAnew: readonly RecoveredTransaction[]): RecoveredTransaction[] {
    const prepared: RecoveredTransaction[] = []
    for (const { name } of loggedAnew) this.#sections.delete(byteText(name))
    for (const { name, all } of this.#sections.values()) {
      const out = new ByteWriter()
      let count = 0
      for (const { entries, data, logNumber } of all) {
        if (entries.some((entry) => this.#target.isFlushed(entry.columnFamilyId, logNumber))) {
          throw new UnsupportedError(
            `transaction "${byteText(name)}", which was written to tables and is not decided`,
          )
        }
        out.raw(data)
        count += entries.length
      }
      if (!all.some(({ isPrepared }) => isPrepared)) continue
      const batch = new ByteWriter().zeros(8).fixed32(count).raw(out.toBytes()).toBytes()
      prepared.push({ name, batch, logNumber: all[0]!.logNumber })
    }
    return prepared
  }

  #keep(name: Uint8Array, section: Section): void {
    const text = byteText(name)
    const known = this.#sections.get(text)
    if (known === undefined)
      this.#sections.set(text, { name: new Uint8Array(name), all: [section] })
    else known.all.push(section)
  }

  /** What was rolled back enters, too: newer entries undo it, and RocksDB leaves the operands of merges there. */
  #decide(name: Uint8Array): void {
    const text = byteText(name)
    for (const { entries, logNumber } of this.#sections.get(text)?.all ?? [])
      for (const entry of entries) this.#insert(entry, logNumber)
    this.#sections.delete(text)
  }

  #insert({ sequence, type, columnFamilyId, key, value }: Entry, logNumber: number): void {
    const memtable = this.#target.memtableAt(columnFamilyId, logNumber)
    if (type === ValueType.RangeDeletion) memtable?.addRangeTombstone(sequence, key, value)
    else memtable?.add(sequence, type, key, value)
  }
}

function isPlain(type: number): boolean {
  switch (type) {
    case ValueType.Value:
    case ValueType.Deletion:
    case ValueType.SingleDeletion:
    case ValueType.Merge:
    case ValueType.RangeDeletion:
    case ValueType.WideColumnEntity:
      return true
    default:
      return false
  }
}

function beginsSection(batch: Uint8Array): boolean {
  const type = batch[headerBytes]
  return type === ValueType.BeginPersistedPrepareXID || type === ValueType.BeginUnprepareXID
}

/** Whether a Noop follows the entries; other policies have it in front of them only. */
function endsInNoop({ data, count }: WriteBatchCursor): boolean {
  if (count === 0 || data.at(-1) !== ValueType.Noop) return false
  const cursor = new WriteBatchCursor(data)
  let type: number = ValueType.Noop
  while (cursor.next()) ({ type } = cursor)
  return type === ValueType.Noop
}
