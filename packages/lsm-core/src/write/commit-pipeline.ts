import { WriteBatch } from '@varve/wal'

/** Who carries out what the pipeline has put in order. */
export interface CommitTarget {
  /** @throws when the database takes no writes, or the batch names a family that is not open */
  check(batch: WriteBatch): void
  /** Resolves when writes may go on: slowed or stopped while flush and compaction are behind. Undefined: at once. */
  stall(): Promise<void> | undefined
  /** @throws BusyError when a blocking write would pile up more memory than is bearable */
  checkRoomForBlockingWrite(): void
  /** Logs, inserts and publishes the batch; it has reached the kernel when this returns. */
  commit(batch: WriteBatch, disableWal: boolean): void
  /** Makes all that was logged survive a loss of power. */
  sync(): Promise<void>
  syncSync(): void
  /** Gives back control when the present turn of the event loop has lasted long. */
  yieldIfLong(): Promise<void> | undefined
}

interface PendingWrite {
  readonly batch: WriteBatch
  /** Family that single writes may join this one for; -1 when none may. */
  readonly joinable: number
  readonly promise: Promise<void>
  readonly sync: boolean
  readonly disableWal: boolean
  /** Asked right before the commit, when all earlier writes are visible; what it throws rejects the write. */
  readonly check: (() => void) | undefined
  resolve(): void
  reject(error: unknown): void
}

/** Batches above this many bytes are not kept for the next write. */
export const keptBatchBytes: number = 1 << 20

/** Bytes that one group takes in at most, so that a small write behind many does not wait for all of them. */
const maxGroupBytes = 1 << 20

/**
 * Orders writes and commits them in groups: all that were asked for in one turn of the event loop, or while a sync was
 * under way, share one record of the log and one sync.
 *
 * A write is visible as soon as it is logged, and acknowledged when its promise resolves; with `sync` the two differ by
 * the duration of the sync. Blocking writes go behind the writes that wait and take them along.
 */
export class CommitPipeline {
  readonly #target: CommitTarget
  #queue: PendingWrite[] = []
  #running: Promise<void> | undefined
  readonly #group = new WriteBatch(4096)
  /** Of the last group of single writes, for the next one. */
  #spare: WriteBatch | undefined
  #scratch = new WriteBatch(4096)

  constructor(target: CommitTarget) {
    this.#target = target
  }

  /** `check` is asked when all earlier writes are visible; what it throws rejects this one. */
  write(batch: WriteBatch, sync: boolean, disableWal: boolean, check?: () => void): Promise<void> {
    return this.#enqueue(batch, -1, sync, disableWal, check).promise
  }

  /**
   * The last write of the queue, for one more entry of family `columnFamilyId` in its batch: single writes of one turn are one
   * batch and share one promise. Of one family only, so that nothing that befalls another one rejects them.
   */
  join(
    columnFamilyId: number,
    sync: boolean,
    disableWal: boolean,
  ): { readonly batch: WriteBatch; readonly promise: Promise<void> } {
    const last = this.#queue.at(-1)
    if (
      last !== undefined &&
      last.joinable === columnFamilyId &&
      last.sync === sync &&
      last.disableWal === disableWal &&
      last.batch.sizeBytes < maxGroupBytes
    ) {
      return last
    }
    const batch = this.#spare ?? new WriteBatch(4096)
    this.#spare = undefined
    return this.#enqueue(batch, columnFamilyId, sync, disableWal, undefined)
  }

  /** An empty batch for one blocking write of one entry; it is the pipeline's again when {@link writeSync} returns. */
  scratch(): WriteBatch {
    if (this.#scratch.sizeBytes > keptBatchBytes) this.#scratch = new WriteBatch(4096)
    return this.#scratch.clear()
  }

  #enqueue(
    batch: WriteBatch,
    joinable: number,
    sync: boolean,
    disableWal: boolean,
    check: (() => void) | undefined,
  ): PendingWrite {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const pending = { batch, joinable, promise, sync, disableWal, check, resolve, reject }
    this.#queue.push(pending)
    this.#running ??= this.#run()
    return pending
  }

  writeSync(batch: WriteBatch, sync: boolean, disableWal: boolean): void {
    const target = this.#target
    target.check(batch)
    target.checkRoomForBlockingWrite()
    while (this.#queue.length > 0) {
      const group = this.#commitGroup()
      if (group.length === 0) continue
      if (group.some((write) => write.sync)) {
        try {
          target.syncSync()
        } catch (error) {
          for (const write of group) write.reject(error)
          throw error
        }
      }
      for (const write of group) write.resolve()
    }
    target.commit(batch, disableWal)
    if (sync) target.syncSync()
  }

  /** Resolves when every write that was asked for is done. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // Let the present turn finish, so that its writes go together.
    await Promise.resolve()
    const target = this.#target
    while (this.#queue.length > 0) {
      const pause = target.stall() ?? target.yieldIfLong()
      if (pause !== undefined) {
        await pause
        continue
      }
      const group = this.#commitGroup()
      if (group.some((write) => write.sync)) {
        try {
          await target.sync()
        } catch (error) {
          for (const write of group) write.reject(error)
          continue
        }
      }
      for (const write of group) write.resolve()
    }
    this.#running = undefined
  }

  /** Commits the first writes of the queue; returns those that succeeded, the others are rejected. */
  #commitGroup(): PendingWrite[] {
    const target = this.#target
    const group: PendingWrite[] = []
    let bytes = 0
    let taken = 0
    for (const write of this.#queue) {
      if (taken > 0 && bytes + write.batch.sizeBytes > maxGroupBytes) break
      if (group.length > 0 && write.disableWal !== group[0]!.disableWal) break
      if (group.length > 0 && write.check !== undefined) break
      taken++
      try {
        target.check(write.batch)
        write.check?.()
      } catch (error) {
        write.reject(error)
        continue
      }
      group.push(write)
      bytes += write.batch.sizeBytes
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken)
    if (group.length === 0) return group
    try {
      const first = group[0]!
      if (group.length === 1) {
        target.commit(first.batch, first.disableWal)
        if (first.joinable >= 0 && first.batch.sizeBytes <= keptBatchBytes)
          this.#spare = first.batch.clear()
      } else {
        const merged = this.#group.clear()
        for (const write of group) merged.append(write.batch)
        target.commit(merged, first.disableWal)
      }
    } catch (error) {
      for (const write of group) write.reject(error)
      return []
    }
    return group
  }
}
