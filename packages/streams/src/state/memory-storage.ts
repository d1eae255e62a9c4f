import { LockedError, NotOpenError, systemRandom, type Random } from '@varve/base'

import { byteString, SortedByteMap } from './sorted-byte-map.ts'
import type { ByteRange, FamilyWrites, StateStorage, TaskDatabase } from './task-database.ts'

type Families = Map<string, SortedByteMap<Uint8Array>>

class MemoryTaskDatabase implements TaskDatabase {
  readonly #families: Families
  readonly #onClose: () => void
  #closed = false

  constructor(families: Families, onClose: () => void) {
    this.#families = families
    this.#onClose = onClose
  }

  get(family: string, key: Uint8Array): Uint8Array | undefined {
    return this.#family(family).get(byteString(key))?.value
  }

  *scan(family: string, range: ByteRange): Generator<readonly [Uint8Array, Uint8Array]> {
    const rows = this.#family(family).range(
      range.gte && byteString(range.gte),
      range.lt && byteString(range.lt),
      range.reverse,
    )
    for (const entry of rows) yield [entry.key, entry.value]
  }

  write(writes: readonly FamilyWrites[]): void {
    for (const { family, rows } of writes) {
      const stored = this.#family(family)
      for (const { key, value } of rows) {
        if (value === null) stored.delete(byteString(key))
        else stored.set(byteString(key), key, value)
      }
    }
  }

  clear(family: string): void {
    this.#family(family).clear()
  }

  close(): Promise<void> {
    if (!this.#closed) this.#onClose()
    this.#closed = true
    return Promise.resolve()
  }

  #family(name: string): SortedByteMap<Uint8Array> {
    if (this.#closed) throw new NotOpenError('the task database is closed')
    let rows = this.#families.get(name)
    if (rows === undefined) this.#families.set(name, (rows = new SortedByteMap()))
    return rows
  }
}

/** State on the heap: survives the close of an application, not the process. For tests and for embedded engines in memory. */
export function memoryStateStorage(options: { readonly random?: Random } = {}): StateStorage {
  const random = options.random ?? systemRandom
  const tasks = new Map<string, Map<string, Families>>()
  const open = new Set<string>()
  const ids = new Map<string, string>()
  const held = new Set<string>()
  const tasksOf = (applicationId: string): Map<string, Families> => {
    let found = tasks.get(applicationId)
    if (found === undefined) tasks.set(applicationId, (found = new Map()))
    return found
  }
  return {
    listTasks: (applicationId) => Promise.resolve([...tasksOf(applicationId).keys()]),
    open(applicationId, taskId) {
      const path = `${applicationId}/${taskId}`
      if (open.has(path)) return Promise.reject(new LockedError(path))
      open.add(path)
      let families = tasksOf(applicationId).get(taskId)
      if (families === undefined) tasksOf(applicationId).set(taskId, (families = new Map()))
      return Promise.resolve(new MemoryTaskDatabase(families, () => open.delete(path)))
    },
    remove(applicationId, taskId) {
      if (taskId === undefined) tasks.delete(applicationId)
      else tasksOf(applicationId).delete(taskId)
      return Promise.resolve()
    },
    acquire(applicationId) {
      if (held.has(applicationId)) return Promise.reject(new LockedError(applicationId))
      held.add(applicationId)
      let processId = ids.get(applicationId)
      if (processId === undefined) ids.set(applicationId, (processId = random.uuid()))
      return Promise.resolve({
        processId,
        release() {
          held.delete(applicationId)
          return Promise.resolve()
        },
      })
    },
  }
}

/** One task's state on the heap. */
export function memoryTaskDatabase(): TaskDatabase {
  return new MemoryTaskDatabase(new Map(), () => {})
}
