import type { FileSystem, RandomAccessFile, WritableFile } from '@varve/vfs'

interface Pooled<F> {
  readonly file: F
  pins: number
}

/**
 * Open file handles, at most so many, least recently used closed first: a broker may have far more partitions than a process
 * may have files. Handles are looked up by path at every use and never kept by the caller.
 */
export class FilePool {
  readonly #fileSystem: FileSystem
  readonly #maxOpen: number
  readonly #readers = new Map<string, Pooled<RandomAccessFile>>()
  readonly #writers = new Map<string, Pooled<WritableFile>>()

  constructor(fileSystem: FileSystem, maxOpen: number) {
    this.#fileSystem = fileSystem
    this.#maxOpen = Math.max(2, maxOpen)
  }

  get openCount(): number {
    return this.#readers.size + this.#writers.size
  }

  /** A reader of `path`, good until the next call of any method of the pool. */
  reader(path: string): RandomAccessFile {
    return take(this.#readers, path, this.#maxOpen >> 1, () =>
      this.#fileSystem.openRandomAccessSync(path),
    ).file
  }

  /** A writer that goes on at the end of `path`, good until the next call of any method of the pool. */
  writer(path: string): WritableFile {
    return this.#pooledWriter(path).file
  }

  /** Syncs `path`; the handle stays open meanwhile. */
  async sync(path: string): Promise<void> {
    const pooled = this.#pooledWriter(path)
    pooled.pins++
    try {
      await pooled.file.sync()
    } finally {
      pooled.pins--
      // Forgotten while it was synced: the last user closes.
      if (pooled.pins === 0 && this.#writers.get(path) !== pooled) pooled.file.closeSync()
    }
  }

  /** Keeps the reader of `path` open until {@link releaseReader} or {@link forget}, also when the file is renamed over or removed. */
  holdReader(path: string): void {
    this.reader(path)
    this.#readers.get(path)!.pins++
  }

  /** Ends one {@link holdReader}; nothing when the handle was forgotten meanwhile. */
  releaseReader(path: string): void {
    const reader = this.#readers.get(path)
    if (reader !== undefined && reader.pins > 0) reader.pins--
  }

  /** Closes the handles of `path`; called before the file is renamed, removed or replaced. */
  forget(path: string): void {
    const reader = this.#readers.get(path)
    if (reader !== undefined) {
      this.#readers.delete(path)
      reader.file.closeSync()
    }
    const writer = this.#writers.get(path)
    if (writer !== undefined) {
      this.#writers.delete(path)
      if (writer.pins === 0) writer.file.closeSync()
    }
  }

  /** Closes everything. */
  close(): void {
    for (const path of [...this.#readers.keys(), ...this.#writers.keys()]) this.forget(path)
  }

  #pooledWriter(path: string): Pooled<WritableFile> {
    return take(this.#writers, path, this.#maxOpen >> 1, () =>
      this.#fileSystem.openWritableSync(path, { mode: 'append' }),
    )
  }
}

function take<F extends { closeSync(): void }>(
  pool: Map<string, Pooled<F>>,
  path: string,
  maxOpen: number,
  open: () => F,
): Pooled<F> {
  const found = pool.get(path)
  if (found !== undefined) {
    // A Map keeps insertion order: taking out and in makes it the youngest.
    pool.delete(path)
    pool.set(path, found)
    return found
  }
  if (pool.size >= maxOpen) {
    for (const [oldPath, old] of pool) {
      if (old.pins > 0) continue
      pool.delete(oldPath)
      old.file.closeSync()
      break
    }
  }
  const pooled = { file: open(), pins: 0 }
  pool.set(path, pooled)
  return pooled
}
