/** A record header; keys may repeat. */
export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

/** A record of a batch. Byte arrays are views on the batch (on its decompressed block when compressed). */
export interface DecodedRecord {
  readonly offset: number
  /** Milliseconds since the epoch; may be negative or absurd, as its producer wrote it. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

/** Shared by all records without headers. */
export const noHeaders: readonly RecordHeader[] = Object.freeze([])
