import type { FileSystem } from '@varve/vfs'
import { LogWriter } from '@varve/wal'

import { writeCurrent } from './current-file.ts'
import { manifestFileName } from './file-names.ts'
import { encodeVersionEdit } from './version-edit-encode.ts'
import type { VersionEdit } from './version-edit.ts'

/** What a new MANIFEST begins with. */
export interface ManifestBeginning {
  readonly fileNumber: number
  /** Edits that build the present state from nothing. */
  readonly snapshot: readonly VersionEdit[]
  /** Above {@link ManifestBeginning.fileNumber}: replaces the number in the edits of the change. */
  readonly nextFileNumber: number
}

/**
 * Appends changes to the MANIFEST and begins a new one when there is none of its own yet, or the present one has grown too large.
 *
 * After a failed write the end of the file is in doubt: the caller must not write again. Calls must not overlap.
 */
export class ManifestWriter {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #maxSizeBytes: number
  #fileNumber: number
  #file: LogWriter | undefined

  /** @param fileNumber - the MANIFEST that `CURRENT` names now; it is never appended to */
  constructor(fs: FileSystem, directory: string, fileNumber: number, maxSizeBytes: number) {
    this.#fs = fs
    this.#directory = directory
    this.#fileNumber = fileNumber
    this.#maxSizeBytes = maxSizeBytes
  }

  /** Number of the MANIFEST that `CURRENT` names. */
  get fileNumber(): number {
    return this.#fileNumber
  }

  get path(): string {
    return `${this.#directory}/${manifestFileName(this.#fileNumber)}`
  }

  /** Writes the edits of one change and syncs them; asks `begin` when a new file is due. */
  async write(edits: readonly VersionEdit[], begin: () => ManifestBeginning): Promise<void> {
    if (this.#file !== undefined && this.#file.sizeBytes < this.#maxSizeBytes) {
      for (const edit of edits) this.#file.addRecord(encodeVersionEdit(edit))
      await this.#file.sync()
      return
    }
    // A new MANIFEST is complete and synced before CURRENT names it; until then the old one holds.
    const { fileNumber, snapshot, nextFileNumber } = begin()
    const file = await LogWriter.open(
      this.#fs,
      `${this.#directory}/${manifestFileName(fileNumber)}`,
    )
    try {
      for (const edit of snapshot) file.addRecord(encodeVersionEdit(edit))
      for (const edit of edits) file.addRecord(encodeVersionEdit({ ...edit, nextFileNumber }))
      await file.sync()
      await this.#fs.syncDirectory(this.#directory) // its name, too, is safe before CURRENT has it
      await writeCurrent(this.#fs, this.#directory, fileNumber)
    } catch (error) {
      await file.close().catch(() => undefined) // the write's error is the one that counts
      throw error
    }
    const previous = this.#file
    this.#file = file
    this.#fileNumber = fileNumber
    await previous?.close()
  }

  /** May be called twice. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
