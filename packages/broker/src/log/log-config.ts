/** The topic settings a log obeys, decoded. Names are Kafka's, units end the name. */
export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  /** -1: for ever. */
  readonly retentionMs: number
  /** -1: without bound. */
  readonly retentionBytes: number
  readonly compact: boolean
  readonly delete: boolean
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly deleteRetentionMs: number
  readonly maxMessageBytes: number
  readonly logAppendTime: boolean
  /** Record times further from the broker's clock than this are refused; `Infinity`: any time is taken. */
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  /** Acknowledgements of this topic wait for the disk, whatever the broker's policy is. */
  readonly flushEveryBatch: boolean
  readonly minInsyncReplicas: number
}
