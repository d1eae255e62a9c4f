import { yieldToEventLoop } from '@varve/base'
import { parseFileName, type VersionEdit, type VersionSet } from '@varve/manifest'

import { runJob, timeToLive } from '../background/jobs.ts'
import type { ColumnFamily } from '../column-family/column-family.ts'
import type { InfoLog } from '../db/info-log.ts'
import type { RecoveredTransaction } from '../db/two-phase-log.ts'
import { tableOptionsOf, type ResolvedDBOptions } from '../options/resolve.ts'
import { replayWals } from './replay-wals.ts'

interface RecoveryParts {
  readonly directory: string
  readonly walDirectory: string
  readonly options: ResolvedDBOptions
  readonly versions: VersionSet
  readonly families: ReadonlyMap<number, ColumnFamily>
  readonly dbId: string
  readonly sessionId: string
  readonly infoLog: InfoLog
  /** See {@link ReplayTarget.flushedUpTo}. */
  readonly flushedUpTo?: (columnFamilyId: number) => number
}

/** Replays the logs and turns what they held into level-0 tables, which enter the MANIFEST with the first edit. */
export class Recovery {
  readonly #parts: RecoveryParts
  readonly #newFiles = new Map<ColumnFamily, NonNullable<VersionEdit['newFiles']>[number][]>()
  /** A point-in-time replay stopped at damage. */
  stopped = false
  /** Transactions that nobody has decided. */
  prepared: readonly RecoveredTransaction[] = []
  /** Logs that were read, ascending. */
  logs: readonly number[] = []

  constructor(parts: RecoveryParts) {
    this.#parts = parts
  }

  editOf(family: ColumnFamily): VersionEdit {
    const newFiles = this.#newFiles.get(family)
    return newFiles === undefined ? {} : { newFiles }
  }

  async run(names: readonly string[]): Promise<void> {
    const { walDirectory, options, versions, families, infoLog } = this.#parts
    const numbers = logsToReplay(names, versions)
    const { nextSequence, prepared, stoppedAt } = await replayWals(
      {
        fileSystem: options.fileSystem,
        directory: walDirectory,
        mode: options.walRecoveryMode,
        versions,
        families,
        onFull: (family) => this.#flush(family),
        log: (text) => infoLog.write(text),
        ...(this.#parts.flushedUpTo === undefined ? {} : { flushedUpTo: this.#parts.flushedUpTo }),
      },
      numbers,
    )
    versions.lastSequence = Math.max(versions.lastSequence, nextSequence - 1)
    this.stopped = stoppedAt !== undefined
    this.prepared = prepared
    this.logs = numbers
    for (const family of families.values()) await this.#flush(family)
    infoLog.write(
      `replayed logs ${numbers.join(', ') || '(none)'} up to sequence ${versions.lastSequence}`,
    )
  }

  /** Writes a family's memtable to a table and gives it a fresh one. */
  async #flush(family: ColumnFamily): Promise<void> {
    if (family.active.memtable.empty) return
    const { directory, options, versions, dbId, sessionId } = this.#parts
    const { comparator, mergeOperator, userMergeOperator } = family.options
    family.switchMemtable(family.active.logNumber)
    const sealed = family.immutables[0]!
    const result = await runJob(
      {
        kind: 'flush',
        mergeOperator,
        ...timeToLive(family.options.ttlSeconds, options.clock),
        memtables: [sealed.memtable.share()],
        description: {
          directory,
          columnFamilyId: family.id,
          columnFamilyName: family.name,
          comparatorName: comparator.name,
          ...(family.lookup.mergeOperator === undefined
            ? {}
            : { mergeOperatorName: family.lookup.mergeOperator.name }),
          fileNumbers: { first: versions.reserveFileNumbers(1), count: 1 },
          snapshots: [],
          table: tableOptionsOf(family.options),
          dbId,
          sessionId,
        },
      },
      {
        fileSystem: options.fileSystem,
        comparator: (name) => (name === comparator.name ? comparator : undefined),
        ...(userMergeOperator === undefined ? {} : { mergeOperator: userMergeOperator }),
        yieldControl: yieldToEventLoop,
      },
    )
    family.immutables.shift()
    const files = this.#newFiles.get(family) ?? []
    files.push(...result.outputs)
    this.#newFiles.set(family, files)
  }
}

/**
 * Logs that may hold something unflushed or a transaction that is prepared, ascending. A database that never said which
 * logs to keep has none of the latter kind.
 */
export function logsToReplay(names: readonly string[], versions: VersionSet): number[] {
  let min = versions.minLogNumberToKeep
  if (min === 0) {
    min = Number.POSITIVE_INFINITY
    for (const { logNumber } of versions.columnFamilies.values()) min = Math.min(min, logNumber)
  }
  return names
    .map((name) => parseFileName(name))
    .filter((parsed) => parsed?.type === 'log' && parsed.number >= min)
    .map((parsed) => parsed!.number)
    .sort((a, b) => a - b)
}
