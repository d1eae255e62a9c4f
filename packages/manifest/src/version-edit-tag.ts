/** Tags of the fields of a version edit; names and numbers are RocksDB's. */
export const Tag = {
  Comparator: 1,
  LogNumber: 2,
  NextFileNumber: 3,
  LastSequence: 4,
  CompactCursor: 5,
  DeletedFile: 6,
  NewFile: 7,
  PrevLogNumber: 9,
  MinLogNumberToKeep: 10,
  NewFile2: 100,
  NewFile3: 102,
  NewFile4: 103,
  ColumnFamily: 200,
  ColumnFamilyAdd: 201,
  ColumnFamilyDrop: 202,
  MaxColumnFamily: 203,
  InAtomicGroup: 300,
  BlobFileAddition: 400,
  BlobFileGarbage: 401,
  DbId: 0x2001,
  BlobFileAdditionDeprecated: 0x2002,
  BlobFileGarbageDeprecated: 0x2003,
  WalAddition: 0x2004,
  WalDeletion: 0x2005,
  FullHistoryTsLow: 0x2006,
  WalAddition2: 0x2007,
  WalDeletion2: 0x2008,
} as const

/** A field with this bit carries its length: a reader that does not know it goes past it. */
export const SAFE_IGNORE_BIT = 0x2000

/** Tags inside {@link Tag.WalAddition2}. */
export const WalTag = {
  Terminate: 1,
  SyncedSize: 2,
} as const

/** Tags inside {@link Tag.NewFile4}. */
export const CustomTag = {
  Terminate: 1,
  NeedCompaction: 2,
  MinLogNumberToKeepHack: 3,
  OldestBlobFileNumber: 4,
  OldestAncestorTime: 5,
  FileCreationTime: 6,
  FileChecksum: 7,
  FileChecksumFuncName: 8,
  Temperature: 9,
  MinTimestamp: 10,
  MaxTimestamp: 11,
  UniqueId: 12,
  EpochNumber: 13,
  CompensatedRangeDeletionSize: 14,
  TailSize: 15,
  UserDefinedTimestampsPersisted: 16,
  PathId: 65,
} as const

/** A custom field with this bit must be understood. */
export const CUSTOM_NON_IGNORABLE_BIT = 0x40
