import type { Comparator } from '@varve/base'
import type { FileMetadata } from '@varve/manifest'
import { tableFileName } from '@varve/manifest'
import {
  clipRangeTombstones,
  TableBuilder,
  type RangeTombstone,
  type TableSummary,
} from '@varve/sst-format'
import type { WritableFile } from '@varve/vfs'

import type { KeyPart, OutputDescription } from './job-description.ts'
import type { JobEnvironment } from './job-environment.ts'

/** Times that go into every table of a job, Unix seconds. */
export interface TableTimes {
  readonly oldestAncestorTimeS: number
  readonly oldestKeyTimeS: number
}

/** What the tables of a job may hold. */
export interface TableSpan {
  /** User keys; tombstones are cut to it. */
  readonly part: KeyPart | undefined
  /** Nothing older remains: what keeps a sequence number does so for snapshots. */
  readonly bottommost: boolean
}

/**
 * Writes the tables of one job: point entries in order, cut where the caller says, and to each table the range tombstones
 * of its span of keys. Removes what it wrote when the job fails.
 */
export class TableWriter {
  readonly outputs: FileMetadata[] = []
  bytesWritten = 0
  entriesWritten = 0

  readonly #description: OutputDescription
  readonly #environment: JobEnvironment
  readonly #comparator: Comparator
  /** Fragmented, by start ascending, then sequence descending. */
  readonly #tombstones: readonly RangeTombstone[]
  readonly #times: TableTimes
  readonly #paths: string[] = []
  #nextNumber: number
  #file: WritableFile | undefined
  #builder: TableBuilder | undefined
  #number = 0
  /** First user key of the table in work; before it, the tables before answer. `undefined`: no table before. */
  #lower: Uint8Array | undefined
  readonly #upper: Uint8Array | undefined
  readonly #bottommost: boolean

  constructor(
    description: OutputDescription,
    environment: JobEnvironment,
    comparator: Comparator,
    tombstones: readonly RangeTombstone[],
    times: TableTimes,
    { part, bottommost }: TableSpan,
  ) {
    this.#description = description
    this.#environment = environment
    this.#comparator = comparator
    this.#tombstones = tombstones
    this.#times = times
    this.#nextNumber = description.fileNumbers.first
    this.#lower = part?.begin
    this.#upper = part?.end
    this.#bottommost = bottommost
  }

  /** Whether one more table can be begun. */
  get canCut(): boolean {
    const { first, count } = this.#description.fileNumbers
    return this.#nextNumber < first + count
  }

  /** Size of the table in work, 0 when none is. */
  get currentSizeBytes(): number {
    return this.#builder?.estimatedSizeBytes ?? 0
  }

  /** Appends an entry to the table in work, or begins one. */
  add(key: Uint8Array, value: Uint8Array): void {
    const builder = this.#builder ?? this.#begin()
    builder.add(key, value)
    this.entriesWritten++
  }

  /** Ends the table in work before `nextUserKey`, which begins the next one. */
  async cut(nextUserKey: Uint8Array): Promise<void> {
    const boundary = new Uint8Array(nextUserKey)
    await this.#end(boundary)
    this.#lower = boundary
  }

  /** Ends the last table, with all tombstones that remain. */
  async finish(): Promise<void> {
    await this.#end(this.#upper)
    if (this.outputs.length > 0) {
      await this.#environment.fs.syncDirectory(this.#description.directory)
    }
  }

  /** Gives up: removes every table of the job. Errors of removal are left to the next open, which finds the strays. */
  async abandon(): Promise<void> {
    const { fs } = this.#environment
    await this.#file?.close().catch(() => undefined)
    this.#file = undefined
    this.#builder = undefined
    for (const path of this.#paths) await fs.remove(path).catch(() => undefined)
  }

  #begin(): TableBuilder {
    const { directory, columnFamilyId, columnFamilyName, table, dbId, sessionId } =
      this.#description
    const number = this.#nextNumber++
    const path = `${directory}/${tableFileName(number)}`
    this.#paths.push(path)
    this.#number = number
    this.#file = this.#environment.fs.openWritableSync(path)
    const { mergeOperatorName } = this.#description
    this.#builder = new TableBuilder(
      this.#file,
      {
        comparator: this.#comparator,
        columnFamilyId,
        columnFamilyName,
        fileNumber: number,
        creationTimeS: this.#times.oldestAncestorTimeS,
        oldestKeyTimeS: this.#times.oldestKeyTimeS,
        fileCreationTimeS: this.#nowS(),
        ...(dbId === undefined ? {} : { dbId }),
        ...(sessionId === undefined ? {} : { sessionId }),
        ...(mergeOperatorName === undefined ? {} : { mergeOperatorName }),
      },
      table,
    )
    return this.#builder
  }

  async #end(upper: Uint8Array | undefined): Promise<void> {
    const tombstones = clipRangeTombstones(this.#tombstones, this.#lower, upper, this.#comparator)
    if (this.#builder === undefined && tombstones.length === 0) return
    const builder = this.#builder ?? this.#begin()
    for (const tombstone of tombstones) builder.addRangeTombstone(tombstone)
    this.entriesWritten += tombstones.length
    const summary = builder.finish()
    const file = this.#file!
    this.#builder = undefined
    await file.sync()
    await file.close()
    this.#file = undefined
    this.bytesWritten += summary.fileSizeBytes
    this.outputs.push(this.#metadata(summary))
  }

  #metadata(summary: TableSummary): FileMetadata {
    return {
      number: this.#number,
      fileSizeBytes: summary.fileSizeBytes,
      smallest: summary.smallest!,
      largest: summary.largest!,
      smallestSequence: summary.smallestSequence,
      largestSequence: summary.largestSequence,
      oldestAncestorTimeS: this.#times.oldestAncestorTimeS,
      fileCreationTimeS: this.#nowS(),
      entries: summary.entries,
      deletions: summary.deletions,
      ...(this.#bottommost && summary.largestSequence > 0 && this.#description.snapshots.length > 0
        ? { keptForSnapshots: true }
        : {}),
      ...(summary.uniqueId === undefined ? {} : { uniqueId: summary.uniqueId }),
      ...(summary.fileChecksum.length === 0
        ? {}
        : {
            fileChecksum: summary.fileChecksum,
            fileChecksumFunctionName: summary.fileChecksumFunctionName,
          }),
    }
  }

  #nowS(): number {
    return Math.floor(this.#environment.clock.now() / 1000)
  }
}
