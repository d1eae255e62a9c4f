import {
  ByteReader,
  type ByteSource,
  copyBytes,
  CorruptionError,
  UnsupportedError,
  utf8Text,
} from '@varve/base'

import type { FileMetadata } from './file-metadata.ts'
import type {
  BlobFileAddition,
  BlobFileGarbage,
  CompactCursor,
  DeletedFile,
  NewFile,
  VersionEdit,
  WalAddition,
} from './version-edit.ts'
import {
  CUSTOM_NON_IGNORABLE_BIT,
  CustomTag,
  SAFE_IGNORE_BIT,
  Tag,
  WalTag,
} from './version-edit-tag.ts'

/** More levels than any database has; larger numbers are damage. */
const MAX_LEVELS = 64

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface EditInProgress extends Omit<Mutable<VersionEdit>, 'compactCursors'> {
  compactCursors?: CompactCursor[]
  deletedFiles?: DeletedFile[]
  newFiles?: NewFile[]
  walAdditions?: WalAddition[]
  blobFileAdditions?: BlobFileAddition[]
  blobFileGarbage?: BlobFileGarbage[]
}

/**
 * Decodes the payload of a MANIFEST record; nothing of the result is a view of `payload`.
 *
 * @throws CorruptionError when a field does not end inside the record or a tag is unknown
 * @throws UnsupportedError for a field that must be understood and is not
 */
export function decodeVersionEdit(payload: Uint8Array, source: ByteSource = {}): VersionEdit {
  const r = new ByteReader(payload, source)
  const edit: EditInProgress = {}
  while (r.remaining > 0) decodeField(r, edit, source)
  return edit
}

function decodeField(r: ByteReader, edit: EditInProgress, source: ByteSource): void {
  const start = r.position
  const tag = r.varint32()
  switch (tag) {
    case Tag.DbId:
      edit.dbId = utf8Text(r.slice())
      return
    case Tag.Comparator:
      edit.comparatorName = utf8Text(r.slice())
      return
    case Tag.LogNumber:
      edit.logNumber = fileNumber(r)
      return
    case Tag.PrevLogNumber:
      edit.previousLogNumber = fileNumber(r)
      return
    case Tag.NextFileNumber:
      edit.nextFileNumber = fileNumber(r)
      return
    case Tag.MaxColumnFamily:
      edit.maxColumnFamily = r.varint32()
      return
    case Tag.MinLogNumberToKeep:
      edit.minLogNumberToKeep = fileNumber(r)
      return
    case Tag.LastSequence:
      edit.lastSequence = sequence(r)
      return
    case Tag.CompactCursor:
      ;(edit.compactCursors ??= []).push({ level: level(r), key: internalKey(r) })
      return
    case Tag.DeletedFile:
      ;(edit.deletedFiles ??= []).push({ level: level(r), number: fileNumber(r) })
      return
    case Tag.NewFile:
    case Tag.NewFile2:
    case Tag.NewFile3:
    case Tag.NewFile4:
      ;(edit.newFiles ??= []).push(decodeNewFile(r, tag, edit, source))
      return
    case Tag.ColumnFamily:
      edit.columnFamily = r.varint32()
      return
    case Tag.ColumnFamilyAdd:
      edit.addColumnFamily = utf8Text(r.slice())
      return
    case Tag.ColumnFamilyDrop:
      edit.dropColumnFamily = true
      return
    case Tag.InAtomicGroup:
      edit.atomicGroupRemaining = r.varint32()
      return
    case Tag.BlobFileAddition:
    case Tag.BlobFileAdditionDeprecated:
      ;(edit.blobFileAdditions ??= []).push(decodeBlobAddition(r))
      return
    case Tag.BlobFileGarbage:
    case Tag.BlobFileGarbageDeprecated:
      ;(edit.blobFileGarbage ??= []).push(decodeBlobGarbage(r))
      return
    case Tag.WalAddition:
      ;(edit.walAdditions ??= []).push(decodeWalAddition(r))
      return
    case Tag.WalAddition2:
      ;(edit.walAdditions ??= []).push(decodeWalAddition(new ByteReader(r.slice(), source)))
      return
    case Tag.WalDeletion:
      edit.walDeletionBelow = fileNumber(r)
      return
    case Tag.WalDeletion2:
      edit.walDeletionBelow = fileNumber(new ByteReader(r.slice(), source))
      return
    case Tag.FullHistoryTsLow:
      edit.fullHistoryTsLow = copyBytes(r.slice())
      return
    default:
      if ((tag & SAFE_IGNORE_BIT) === 0) {
        const { file, offset } = source
        throw new CorruptionError(
          `unknown tag ${tag} in a version edit`,
          file === undefined ? {} : { file, offset: (offset ?? 0) + start },
        )
      }
      r.slice()
  }
}

/** Numbers of files have 62 bits in the format. */
function fileNumber(r: ByteReader): number {
  return numberBelow(r, 1n << 62n, 'file numbers')
}

/** Sequence numbers have 56 bits in the format. */
function sequence(r: ByteReader): number {
  return numberBelow(r, 1n << 56n, 'sequence numbers')
}

/** Varints of so many bytes are safe integers. */
const SAFE_VARINT_BYTES = 7

/** @throws UnsupportedError when it is below `limit`, and no safe integer */
function numberBelow(r: ByteReader, limit: bigint, what: string): number {
  const start = r.position
  for (let length = 1; (r.bytes[start + length - 1] ?? 0) >= 0x80; length++) {
    if (length < SAFE_VARINT_BYTES) continue
    const value = r.varint64Big()
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
    if (value >= limit) r.fail(`a number below ${limit}`, start)
    throw new UnsupportedError(`${what} of 2^53 and more, which the MANIFEST has`)
  }
  return r.varint64()
}

function level(r: ByteReader): number {
  const start = r.position
  const value = r.varint32()
  if (value >= MAX_LEVELS) r.fail(`a level below ${MAX_LEVELS}`, start)
  return value
}

function internalKey(r: ByteReader): Uint8Array {
  const start = r.position
  const key = r.slice()
  if (key.length < 8) r.fail('an internal key', start)
  return copyBytes(key)
}

function decodeNewFile(
  r: ByteReader,
  tag: number,
  edit: EditInProgress,
  source: ByteSource,
): NewFile {
  const atLevel = level(r)
  const number = fileNumber(r)
  const pathId = tag === Tag.NewFile3 ? r.varint32() : 0
  const fileSizeBytes = r.varint64()
  const smallest = internalKey(r)
  const largest = internalKey(r)
  const hasSequences = tag !== Tag.NewFile
  const smallestSequence = hasSequences ? sequence(r) : 0
  const largestSequence = hasSequences ? sequence(r) : Number.MAX_SAFE_INTEGER
  const file: Mutable<FileMetadata> = {
    number,
    fileSizeBytes,
    smallest,
    largest,
    smallestSequence,
    largestSequence,
  }
  if (pathId !== 0) file.pathId = pathId
  if (tag === Tag.NewFile4) decodeCustomFields(r, file, edit, source)
  return { level: atLevel, file }
}

function decodeCustomFields(
  r: ByteReader,
  file: Mutable<FileMetadata>,
  edit: EditInProgress,
  source: ByteSource,
): void {
  for (;;) {
    const tag = r.varint32()
    if (tag === CustomTag.Terminate) return
    const bytes = r.slice()
    const f = new ByteReader(bytes, source)
    switch (tag) {
      case CustomTag.NeedCompaction:
        file.markedForCompaction = f.byte() === 1
        break
      case CustomTag.MinLogNumberToKeepHack:
        edit.minLogNumberToKeep ??= f.fixed64()
        break
      case CustomTag.OldestBlobFileNumber:
        file.oldestBlobFileNumber = fileNumber(f)
        break
      case CustomTag.OldestAncestorTime:
        file.oldestAncestorTimeS = f.varint64()
        break
      case CustomTag.FileCreationTime:
        file.fileCreationTimeS = f.varint64()
        break
      case CustomTag.FileChecksum:
        file.fileChecksum = copyBytes(bytes)
        break
      case CustomTag.FileChecksumFuncName:
        file.fileChecksumFunctionName = utf8Text(bytes)
        break
      case CustomTag.Temperature:
        file.temperature = f.byte()
        break
      case CustomTag.UniqueId:
        file.uniqueId = copyBytes(bytes)
        break
      case CustomTag.EpochNumber:
        file.epochNumber = f.varint64()
        break
      case CustomTag.CompensatedRangeDeletionSize:
        file.compensatedRangeDeletionSizeBytes = f.varint64()
        break
      case CustomTag.TailSize:
        file.tailSizeBytes = f.varint64()
        break
      case CustomTag.PathId:
        file.pathId = f.byte()
        break
      case CustomTag.MinTimestamp:
      case CustomTag.MaxTimestamp:
      case CustomTag.UserDefinedTimestampsPersisted:
        break
      default:
        if ((tag & CUSTOM_NON_IGNORABLE_BIT) !== 0) {
          throw new UnsupportedError(`field ${tag} of a new file in "${source.file ?? 'MANIFEST'}"`)
        }
    }
  }
}

function decodeBlobAddition(r: ByteReader): BlobFileAddition {
  const addition = {
    number: fileNumber(r),
    count: r.varint64(),
    totalBytes: r.varint64(),
    checksumMethod: utf8Text(r.slice()),
    checksumValue: copyBytes(r.slice()),
  }
  skipCustomFields(r)
  return addition
}

function decodeBlobGarbage(r: ByteReader): BlobFileGarbage {
  const garbage = { number: fileNumber(r), count: r.varint64(), bytes: r.varint64() }
  skipCustomFields(r)
  return garbage
}

function skipCustomFields(r: ByteReader): void {
  while (r.varint32() !== 0) r.slice()
}

function decodeWalAddition(r: ByteReader): WalAddition {
  const number = fileNumber(r)
  let syncedSizeBytes: number | undefined
  for (;;) {
    const tag = r.varint32()
    if (tag === WalTag.Terminate) break
    if (tag !== WalTag.SyncedSize) r.fail('a field of a log addition')
    syncedSizeBytes = r.varint64()
  }
  return syncedSizeBytes === undefined ? { number } : { number, syncedSizeBytes }
}
