/**
 * Framing of WAL and MANIFEST files: blocks of 32 KiB; a logical record is cut into fragments that never cross a block.
 *
 *     legacy      | masked crc32c (4) | length (2) | type (1) | payload |                   crc over type and payload
 *     recyclable  | masked crc32c (4) | length (2) | type (1) | log number (4) | payload |  crc over all from type on
 */
export const blockSizeBytes = 32_768
export const headerSizeBytes = 7
export const recyclableHeaderSizeBytes = 11

/** Type byte of a fragment; RocksDB's numbers. */
export const RecordType = {
  Zero: 0,
  Full: 1,
  First: 2,
  Middle: 3,
  Last: 4,
  RecyclableFull: 5,
  RecyclableFirst: 6,
  RecyclableMiddle: 7,
  RecyclableLast: 8,
  SetCompressionType: 9,
  UserDefinedTimestampSize: 10,
  RecyclableUserDefinedTimestampSize: 11,
  PredecessorWALInfo: 130,
  RecyclablePredecessorWALInfo: 131,
} as const

/** Whether fragments of this type carry a log number. */
export function isRecyclable(type: number): boolean {
  return (
    (type >= RecordType.RecyclableFull && type <= RecordType.RecyclableLast) ||
    type === RecordType.RecyclableUserDefinedTimestampSize ||
    type === RecordType.RecyclablePredecessorWALInfo
  )
}
