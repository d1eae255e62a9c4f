/** What {@link TableBuilder.finish} tells about the table. */
export interface TableSummary {
  readonly fileSizeBytes: number
  /** Point entries and range tombstones. */
  readonly entries: number
  readonly deletions: number
  readonly rangeDeletions: number
  /** Smallest and largest internal keys, range tombstones included; fresh arrays. Absent when the table is empty. */
  readonly smallest: Uint8Array | undefined
  readonly largest: Uint8Array | undefined
  readonly smallestSequence: number
  readonly largestSequence: number
  readonly rawSizeBytes: number
  readonly uniqueId: Uint8Array | undefined
  readonly tailSizeBytes: number
  /** Four bytes, big-endian, when the option asked for it; else empty. */
  readonly fileChecksum: Uint8Array
  readonly fileChecksumFunctionName: string
}
