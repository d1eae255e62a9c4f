import type { Comparator } from '@varve/base'

import type { Version } from './version.ts'

/** One column family in a {@link VersionSet}. Its fields change only through `logAndApply`. */
export interface ColumnFamilyVersions {
  readonly id: number
  readonly name: string
  readonly comparator: Comparator
  /** Logs with smaller numbers hold nothing unflushed for this family, as the MANIFEST has it. */
  readonly logNumber: number
  /** Tables now. Take a `ref()` to keep it beyond the current turn of the event loop. */
  readonly current: Version
  /** By level: internal key where the next round-robin compaction starts. */
  readonly compactCursors: ReadonlyMap<number, Uint8Array>
}
