import { ByteWriter, utf8Bytes } from '@varve/base'

import type { FileMetadata } from './file-metadata.ts'
import type { VersionEdit } from './version-edit.ts'
import { CustomTag, Tag, WalTag } from './version-edit-tag.ts'

/** Encodes an edit as the payload of a MANIFEST record, fields in RocksDB's order; a fresh array. */
export function encodeVersionEdit(edit: VersionEdit): Uint8Array {
  const w = new ByteWriter(256)
  const number = (tag: number, value: number | undefined): void => {
    if (value !== undefined) w.varint(tag).varint(value)
  }
  if (edit.dbId !== undefined) w.varint(Tag.DbId).slice(utf8Bytes(edit.dbId))
  if (edit.comparatorName !== undefined) {
    w.varint(Tag.Comparator).slice(utf8Bytes(edit.comparatorName))
  }
  number(Tag.LogNumber, edit.logNumber)
  number(Tag.PrevLogNumber, edit.previousLogNumber)
  number(Tag.NextFileNumber, edit.nextFileNumber)
  number(Tag.MaxColumnFamily, edit.maxColumnFamily)
  number(Tag.MinLogNumberToKeep, edit.minLogNumberToKeep)
  number(Tag.LastSequence, edit.lastSequence)
  for (const { level, key } of edit.compactCursors ?? []) {
    w.varint(Tag.CompactCursor).varint(level).slice(key)
  }
  for (const { level, number } of edit.deletedFiles ?? []) {
    w.varint(Tag.DeletedFile).varint(level).varint(number)
  }
  // RocksDB repeats the log number on the first new file, for versions that did not know tag 10.
  let minLogNumberToKeep = edit.minLogNumberToKeep
  for (const { level, file } of edit.newFiles ?? []) {
    encodeNewFile(w, level, file, minLogNumberToKeep)
    minLogNumberToKeep = undefined
  }
  for (const { number, syncedSizeBytes } of edit.walAdditions ?? []) {
    const wal = new ByteWriter(32).varint(number)
    if (syncedSizeBytes !== undefined) wal.varint(WalTag.SyncedSize).varint(syncedSizeBytes)
    w.varint(Tag.WalAddition2).slice(wal.varint(WalTag.Terminate).view())
  }
  if (edit.walDeletionBelow !== undefined) {
    w.varint(Tag.WalDeletion2).slice(new ByteWriter(16).varint(edit.walDeletionBelow).view())
  }
  if (edit.fullHistoryTsLow !== undefined) {
    w.varint(Tag.FullHistoryTsLow).slice(edit.fullHistoryTsLow)
  }
  if (edit.columnFamily !== undefined && edit.columnFamily !== 0) {
    number(Tag.ColumnFamily, edit.columnFamily)
  }
  if (edit.addColumnFamily !== undefined) {
    w.varint(Tag.ColumnFamilyAdd).slice(utf8Bytes(edit.addColumnFamily))
  }
  if (edit.dropColumnFamily === true) w.varint(Tag.ColumnFamilyDrop)
  number(Tag.InAtomicGroup, edit.atomicGroupRemaining)
  return w.toBytes()
}

function encodeNewFile(
  w: ByteWriter,
  level: number,
  file: FileMetadata,
  minLogNumberToKeep: number | undefined,
): void {
  w.varint(Tag.NewFile4).varint(level).varint(file.number).varint(file.fileSizeBytes)
  w.slice(file.smallest).slice(file.largest)
  w.varint(file.smallestSequence).varint(file.largestSequence)
  const field = (tag: number, bytes: Uint8Array): void => {
    w.varint(tag).slice(bytes)
  }
  const varint = (tag: number, value: number): void =>
    field(tag, new ByteWriter(16).varint(value).view())
  varint(CustomTag.OldestAncestorTime, file.oldestAncestorTimeS ?? 0)
  varint(CustomTag.FileCreationTime, file.fileCreationTimeS ?? 0)
  field(CustomTag.FileChecksum, file.fileChecksum ?? new Uint8Array(0))
  field(CustomTag.FileChecksumFuncName, utf8Bytes(file.fileChecksumFunctionName ?? 'Unknown'))
  if (file.pathId !== undefined && file.pathId !== 0) {
    field(CustomTag.PathId, Uint8Array.of(file.pathId))
  }
  if (file.temperature !== undefined && file.temperature !== 0) {
    field(CustomTag.Temperature, Uint8Array.of(file.temperature))
  }
  if (file.markedForCompaction === true) field(CustomTag.NeedCompaction, Uint8Array.of(1))
  if (minLogNumberToKeep !== undefined) {
    field(CustomTag.MinLogNumberToKeepHack, new ByteWriter(16).fixed64(minLogNumberToKeep).view())
  }
  if (file.oldestBlobFileNumber !== undefined) {
    varint(CustomTag.OldestBlobFileNumber, file.oldestBlobFileNumber)
  }
  if (file.uniqueId !== undefined) field(CustomTag.UniqueId, file.uniqueId)
  w.varint(CustomTag.Terminate)
}
