/** Sequential writer. One owner; calls must not overlap. */
export interface WritableFile {
  readonly path: string
  /** Bytes written so far (the position of the next append). */
  readonly sizeBytes: number
  /** Length of the file: more than {@link sizeBytes} where content or {@link preallocateSync space} lies ahead of the position. */
  readonly allocatedBytes: number
  /** Hands `data` to the kernel before it returns: it survives the death of the process. `data` is borrowed for the call. */
  appendSync(data: Uint8Array): void
  /** The same for several chunks in one system call. */
  appendvSync(chunks: readonly Uint8Array[]): void
  append(data: Uint8Array): Promise<void>
  /** Makes everything appended so far survive a loss of power (fdatasync). */
  sync(): Promise<void>
  syncSync(): void
  truncate(sizeBytes: number): Promise<void>
  /** {@link truncate}, blocking. */
  truncateSync(sizeBytes: number): void
  /**
   * Makes the file `allocatedBytes` long, with zeros behind what it holds, and leaves the position where it is: a file
   * that is written within its length need not have a new length recorded at every sync. Does nothing to a file as long as that.
   */
  preallocateSync(allocatedBytes: number): void
  close(): Promise<void>
  closeSync(): void
}

/** Positional reader, safe for concurrent calls. */
export interface RandomAccessFile {
  readonly path: string
  /** Size at the time of opening, or of the last {@link refreshSize}. */
  readonly sizeBytes: number
  /** Reads up to `length` bytes at `offset` into a fresh array owned by the caller; shorter only at the end of the file. */
  readSync(offset: number, length: number): Uint8Array
  read(offset: number, length: number): Promise<Uint8Array>
  /** Reads into `target` at its start; returns the number of bytes read. */
  readIntoSync(target: Uint8Array, offset: number): number
  refreshSize(): number
  close(): Promise<void>
  closeSync(): void
}

/** What {@link FileSystem.stat} tells. */
export interface FileStat {
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly isDirectory: boolean
}

/** A held exclusive lock; see {@link FileSystem.lock}. */
export interface FileLock {
  release(): Promise<void>
}

/**
 * The only door to the disk.
 *
 * Paths are the host's (`node:path`). A missing file is an IoError whose cause carries the system's `code` (`ENOENT`).
 * Durability: data by `sync` of the file, names (create, rename, delete, link) by {@link syncDirectory} of the parent.
 */
export interface FileSystem {
  /** Names the world the paths live in: two handles on one directory agree. Workers reopen the file system by this descriptor. */
  readonly kind: 'node' | 'memory' | 'fault'
  openWritable(path: string, options?: OpenWritableOptions): Promise<WritableFile>
  openWritableSync(path: string, options?: OpenWritableOptions): WritableFile
  openRandomAccess(path: string): Promise<RandomAccessFile>
  openRandomAccessSync(path: string): RandomAccessFile
  readFile(path: string): Promise<Uint8Array>
  readFileSync(path: string): Uint8Array
  /** Writes beside, syncs, renames over, syncs the directory: the old or the new content, never a mix. */
  writeFileAtomic(path: string, data: Uint8Array): Promise<void>
  exists(path: string): Promise<boolean>
  stat(path: string): Promise<FileStat>
  /** Names (not paths) in the directory, sorted. */
  list(path: string): Promise<string[]>
  mkdir(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** {@link rename}, blocking. */
  renameSync(from: string, to: string): void
  link(from: string, to: string): Promise<void>
  /** Removes a file. */
  remove(path: string): Promise<void>
  removeSync(path: string): void
  /** Removes a directory and all below it; no error when absent. */
  removeTree(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** {@link syncDirectory}, blocking. */
  syncDirectorySync(path: string): void
  /** Takes an exclusive lock on the file (created when missing) against this and other processes. @throws LockedError */
  lock(path: string): Promise<FileLock>
}

export interface OpenWritableOptions {
  /**
   * `create`: empties an existing file (default). `append`: keeps it and goes on at its end. `overwrite`: keeps it and
   * begins at its start. `exclusive`: must not exist.
   */
  readonly mode?: 'create' | 'append' | 'overwrite' | 'exclusive'
}
