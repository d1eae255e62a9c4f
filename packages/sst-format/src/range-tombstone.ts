/** Deletes every user key in `[start, end)` with a sequence number below `sequence`. Structured-cloneable. */
export interface RangeTombstone {
  /** First user key covered. */
  readonly start: Uint8Array
  /** First user key no longer covered. */
  readonly end: Uint8Array
  readonly sequence: number
}
