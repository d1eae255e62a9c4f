/**
 * Versions of an LSM tree: version edits, MANIFEST, CURRENT, IDENTITY and OPTIONS files.
 *
 * @packageDocumentation
 */
export type { FileMetadata } from './file-metadata.ts'
export type {
  BlobFileAddition,
  BlobFileGarbage,
  CompactCursor,
  DeletedFile,
  NewFile,
  VersionEdit,
  WalAddition,
} from './version-edit.ts'
export { encodeVersionEdit } from './version-edit-encode.ts'
export { decodeVersionEdit } from './version-edit-decode.ts'
export { Version } from './version.ts'
export { VersionSet, type VersionSetOptions } from './version-set.ts'
export type { ColumnFamilyVersions } from './column-family-versions.ts'
export { ManifestReplay, type ColumnFamilyState, type ManifestState } from './manifest-state.ts'
export { readManifest, readManifestRecords, type ManifestRecord } from './read-manifest.ts'
export { readCurrent, writeCurrent } from './current-file.ts'
export { readIdentity, writeIdentity } from './identity-file.ts'
export { formatOptionStruct, parseOptionStruct } from './option-struct.ts'
export {
  escapeOptionString,
  formatOptionsFile,
  parseOptionsFile,
  type FamilyOptionsSection,
  type OptionsFile,
} from './options-file.ts'
export {
  blobFileName,
  CURRENT_FILE_NAME,
  IDENTITY_FILE_NAME,
  LOCK_FILE_NAME,
  logFileName,
  manifestFileName,
  oldTableFileName,
  optionsFileName,
  parseFileName,
  tableFileName,
  type ParsedFileName,
} from './file-names.ts'

// What a user of the package alone needs of the layers below.
export { bytewiseComparator, reverseBytewiseComparator } from '@varve/base'
export { nodeFileSystem } from '@varve/vfs'
