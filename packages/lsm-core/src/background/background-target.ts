import type { VersionSet } from '@varve/manifest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { InfoLog } from '../db/info-log.ts'
import type { SnapshotList } from '../db/snapshot-list.ts'
import type { FileRemoval } from '../files/file-removal.ts'
import type { EventListener } from '../options/event-listener.ts'
import type { ResolvedDBOptions } from '../options/resolve.ts'
import type { Committer } from '../write/committer.ts'
import type { MemtableBudget } from '../write/memtable-budget.ts'
import type { WalSet } from '../write/wal-set.ts'
import type { WriteController } from '../write/write-controller.ts'

/** What background work sees of its database. */
export interface BackgroundTarget {
  readonly directory: string
  readonly dbId: string
  readonly sessionId: string
  readonly options: ResolvedDBOptions
  readonly readOnly: boolean
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
  readonly wals: WalSet
  readonly committer: Committer
  readonly memtableBudget: MemtableBudget
  readonly fileRemoval: FileRemoval
  readonly snapshots: SnapshotList
  readonly writeController: WriteController
  readonly infoLog: InfoLog
  /** Why writes are refused, undefined while they are not. */
  readonly failure: unknown
  /** From here on writes are refused. */
  fail(error: unknown): void
  /** Tells the listeners of the options. */
  notify<Event extends keyof EventListener>(
    event: Event,
    info: Parameters<NonNullable<EventListener[Event]>>[0],
  ): void
}
