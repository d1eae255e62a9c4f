import type { LiveHistory } from '../live-history.ts'
import { readBlobs } from './blobs.ts'
import { changeFamilies } from './change-families.ts'
import { backup, checkpoint } from './copies.ts'
import { compact, flush } from './flush-and-compact.ts'
import { ingest } from './ingest.ts'
import { large } from './large.ts'
import { reader } from './reader.ts'
import { reopen } from './reopen.ts'
import { repair } from './repair.ts'
import { rewrite } from './rewrite.ts'
import { snapshot } from './snapshot.ts'
import { takeSpareLog } from './take-spare-log.ts'
import { transaction } from './transaction.ts'
import { burst, syncs, write } from './write.ts'

/** Steps of a history by how often they come; a drill leaves out what it cannot judge. */
export interface HistorySteps {
  readonly write: number
  readonly burst: number
  /** Reads and writes of the same keys, again and again. */
  readonly rewrite: number
  /** Writes that are synced one by one. */
  readonly syncs: number
  /** A value of more than a MiB. */
  readonly large: number
  readonly flush: number
  readonly compact: number
  readonly ingest: number
  readonly transaction: number
  readonly families: number
  readonly reopen: number
  readonly check: number
  readonly snapshot: number
  readonly checkpoint: number
  readonly backup: number
  /** Opens a reader beside the database: a secondary, which follows it, or one that reads only. */
  readonly reader: number
  /** Closes, repairs and opens the database. */
  readonly repair: number
  /** Takes logs away that wait to be written over. */
  readonly spareLogs: number
  /** Reads another database, of RocksDB's, which has blob files. */
  readonly blobs: number
}

/** A bit of everything. */
export const allSteps: HistorySteps = {
  write: 20,
  burst: 6,
  rewrite: 0.5,
  syncs: 1,
  large: 0.2,
  flush: 4,
  compact: 3,
  ingest: 3,
  transaction: 4,
  families: 2,
  reopen: 1,
  check: 2,
  snapshot: 2,
  checkpoint: 1,
  backup: 1,
  reader: 1,
  repair: 0.5,
  spareLogs: 0.2,
  blobs: 0.2,
}

/** What each step does. */
export const stepOf: Readonly<Record<keyof HistorySteps, (history: LiveHistory) => Promise<void>>> =
  {
    write,
    burst,
    rewrite,
    syncs,
    large,
    flush,
    compact,
    ingest,
    transaction,
    families: changeFamilies,
    reopen,
    check: (history) => history.check(),
    snapshot,
    checkpoint,
    backup,
    reader,
    repair,
    spareLogs: takeSpareLog,
    blobs: readBlobs,
  }
