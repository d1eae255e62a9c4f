/**
 * What an entry is: the low byte of an internal key's trailer and the tag of a write-batch record.
 * Names and numbers are RocksDB's; the ColumnFamily forms, markers and log data occur in write batches only.
 */
export const ValueType = {
  Deletion: 0x00,
  Value: 0x01,
  Merge: 0x02,
  LogData: 0x03,
  ColumnFamilyDeletion: 0x04,
  ColumnFamilyValue: 0x05,
  ColumnFamilyMerge: 0x06,
  SingleDeletion: 0x07,
  ColumnFamilySingleDeletion: 0x08,
  BeginPrepareXID: 0x09,
  EndPrepareXID: 0x0a,
  CommitXID: 0x0b,
  RollbackXID: 0x0c,
  Noop: 0x0d,
  ColumnFamilyRangeDeletion: 0x0e,
  RangeDeletion: 0x0f,
  ColumnFamilyBlobIndex: 0x10,
  BlobIndex: 0x11,
  BeginPersistedPrepareXID: 0x12,
  BeginUnprepareXID: 0x13,
  DeletionWithTimestamp: 0x14,
  CommitXIDAndTimestamp: 0x15,
  WideColumnEntity: 0x16,
  ColumnFamilyWideColumnEntity: 0x17,
  ValuePreferredSeqno: 0x18,
  ColumnFamilyValuePreferredSeqno: 0x19,
} as const

/** A value of {@link ValueType}. */
export type ValueType = (typeof ValueType)[keyof typeof ValueType]

/** Largest type byte: a seek key with it lands before every entry of the same user key and sequence. Never stored. */
export const valueTypeForSeek = 0x7f

/** Smallest type byte: a seekForPrev key with it lands after every entry of the same user key and sequence. */
export const valueTypeForSeekForPrev: typeof ValueType.Deletion = ValueType.Deletion
