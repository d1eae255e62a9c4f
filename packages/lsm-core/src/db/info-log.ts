import { join } from 'node:path'

import { utf8Bytes, type Clock } from '@varve/base'
import { isNotFound, type FileSystem, type WritableFile } from '@varve/vfs'

const maxBytes = 8 << 20

/**
 * `LOG`, what the database did, for people. Nothing depends on it: when it cannot be written, or has grown to 8 MiB, it
 * falls silent until the next open and the database goes on.
 */
export class InfoLog {
  readonly #clock: Clock
  #file: WritableFile | undefined

  private constructor(clock: Clock, file: WritableFile | undefined) {
    this.#clock = clock
    this.#file = file
  }

  /** Moves the last run's `LOG` to `LOG.old.<microseconds>` and starts a new one. */
  static async open(fs: FileSystem, directory: string, clock: Clock): Promise<InfoLog> {
    const path = join(directory, 'LOG')
    try {
      await fs.rename(path, join(directory, `LOG.old.${Math.trunc(clock.now() * 1000)}`))
    } catch (error) {
      if (!isNotFound(error)) return new InfoLog(clock, undefined)
    }
    try {
      return new InfoLog(clock, await fs.openWritable(path))
    } catch {
      return new InfoLog(clock, undefined)
    }
  }

  /** A log that keeps nothing. */
  static silent(clock: Clock): InfoLog {
    return new InfoLog(clock, undefined)
  }

  write(text: string): void {
    const file = this.#file
    if (file === undefined) return
    try {
      file.appendSync(utf8Bytes(`${new Date(this.#clock.now()).toISOString()} ${text}\n`))
      if (file.sizeBytes > maxBytes) this.close()
    } catch {
      this.close()
    }
  }

  close(): void {
    const file = this.#file
    this.#file = undefined
    try {
      file?.closeSync()
    } catch {
      // It is told nobody: the log of events is no part of the data.
    }
  }
}
