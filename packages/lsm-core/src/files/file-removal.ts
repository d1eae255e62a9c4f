import { join } from 'node:path'

import { logFileName, tableFileName, type VersionSet } from '@varve/manifest'
import { isNotFound, type FileSystem } from '@varve/vfs'

import type { InfoLog } from '../db/info-log.ts'
import type { TableFileDeletionInfo } from '../options/event-listener.ts'
import type { TableCache } from '../read/table-cache.ts'
import type { WalSet } from '../write/wal-set.ts'

/** What the removal of files needs of its database. */
export interface FileRemovalTarget {
  readonly directory: string
  readonly walDirectory: string
  readonly fileSystem: FileSystem
  readonly readOnly: boolean
  readonly versions: VersionSet
  readonly tables: TableCache
  readonly wals: WalSet
  readonly infoLog: InfoLog
  notify(event: 'onTableFileDeleted', info: TableFileDeletionInfo): void
}

/** Removes what an open database needs no longer: tables that no version lists, logs whose entries are in tables. */
export class FileRemoval {
  readonly #db: FileRemovalTarget
  #purging: Promise<void> = Promise.resolve()
  #purgeScheduled = false

  constructor(db: FileRemovalTarget) {
    this.#db = db
  }

  /** Has the tables deleted that no version lists any more. */
  schedulePurge(): void {
    if (this.#purgeScheduled || this.#db.readOnly) return
    this.#purgeScheduled = true
    this.#purging = this.#purging.then(() => this.#purge())
  }

  /** Resolves when the purges that were asked for are done. */
  async settled(): Promise<void> {
    await this.#purging
  }

  /** Logs below `number` are needed by nobody: forgets and removes them. */
  async releaseLogs(number: number): Promise<void> {
    await this.#removeLogs(this.#db.wals.forgetBelow(number))
  }

  /** Logs that are kept to be written over go, too. */
  async removeSpareLogs(): Promise<void> {
    await this.#removeLogs(this.#db.wals.takeSpare())
  }

  /** Removes a file of the database; one that is gone already is fine, any other failure is noted and tried at the next open. */
  async removeFile(name: string, directory: string = this.#db.directory): Promise<void> {
    try {
      await this.#db.fileSystem.remove(join(directory, name))
    } catch (error) {
      if (!isNotFound(error)) this.#db.infoLog.write(`cannot remove ${name}: ${String(error)}`)
    }
  }

  async #purge(): Promise<void> {
    this.#purgeScheduled = false
    for (const number of this.#db.versions.takeObsoleteFiles()) {
      this.#db.tables.evict(number)
      const fileName = tableFileName(number)
      await this.removeFile(fileName)
      this.#db.notify('onTableFileDeleted', { fileNumber: number, fileName })
    }
  }

  async #removeLogs(numbers: Iterable<number>): Promise<void> {
    for (const number of numbers) await this.removeFile(logFileName(number), this.#db.walDirectory)
  }
}
