import type { LogEnvironment } from './log-environment.ts'

/**
 * Syncs what was appended to a log. Callers that come while a sync runs share the next one, so a busy partition pays one
 * fdatasync for many requests.
 */
export class DurableTail {
  readonly #environment: LogEnvironment
  readonly #directory: string
  /** Paths with bytes that are not synced, oldest first. */
  readonly #dirty = new Set<string>()
  #syncing = new Set<string>()
  #directoryDirty = true
  #running: Promise<void> | undefined

  constructor(environment: LogEnvironment, directory: string) {
    this.#environment = environment
    this.#directory = directory
  }

  get isClean(): boolean {
    return this.#dirty.size === 0 && this.#running === undefined
  }

  noteWritten(path: string): void {
    this.#dirty.add(path)
  }

  noteCreated(): void {
    this.#directoryDirty = true
  }

  /** The file is gone: nothing of it needs to be synced. */
  noteRemoved(path: string): void {
    this.#dirty.delete(path)
    this.#syncing.delete(path)
  }

  /** Resolves when everything written before the call is on disk. */
  async flush(): Promise<void> {
    // A sync that already runs may have begun before the caller's bytes were written.
    if (this.#running !== undefined) await this.#running
    if (this.#running !== undefined) return this.#running
    if (this.#dirty.size === 0 && !this.#directoryDirty) return
    const run = this.#sync()
    this.#running = run
    try {
      await run
    } finally {
      this.#running = undefined
    }
  }

  async #sync(): Promise<void> {
    const directoryDirty = this.#directoryDirty
    this.#syncing = new Set(this.#dirty)
    this.#dirty.clear()
    this.#directoryDirty = false
    // The set may lose members meanwhile: retention removes files.
    for (const path of this.#syncing) await this.#environment.files.sync(path)
    if (directoryDirty) await this.#environment.fileSystem.syncDirectory(this.#directory)
  }
}
