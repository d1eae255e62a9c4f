import type { CacheBudget } from '../state/cache.ts'
import { memoryTaskDatabase } from '../state/memory-storage.ts'
import { formatObservedTimes, restoreObservedTimes } from '../state/observed-times.ts'
import { familiesOf } from '../state/open-store.ts'
import type { PendingWrite } from '../state/overlay.ts'
import { byteString } from '../state/sorted-byte-map.ts'
import { StoreRestorer } from '../state/store-restorer.ts'
import type { StateStorage, TaskDatabase } from '../state/task-database.ts'
import { TaskState } from '../state/task-state.ts'
import { ProcessorGraph, type GraphEnvironment } from '../task/processor-graph.ts'
import { StoreExpiry } from '../task/store-expiry.ts'
import type { SubTopology } from '../topology/topology.ts'

/** What a task starts again from: the state it left behind, or nothing but its changelogs. */
export type RestartFrom = 'state' | 'changelog'

/** Surroundings of a {@link TestTask}; state and task id are its own. */
export type TestTaskEnvironment = Omit<GraphEnvironment, 'taskId' | 'state'> & {
  readonly budget: CacheBudget
}

const applicationId = 'test'

/** One sub-topology of a test driver with its state and changelogs, the latter as compacted topics would be. */
export class TestTask {
  readonly sub: SubTopology
  readonly id: string
  readonly #environment: TestTaskEnvironment
  readonly #storage: StateStorage | undefined
  readonly #changelogs = new Map<string, Map<string, PendingWrite>>()
  /** Of the offsets committed last. */
  #metadata = ''
  #db: TaskDatabase
  #state!: TaskState
  #graph!: ProcessorGraph
  #expiry!: StoreExpiry

  /** @param storage Where `db` came from, if not from this task. */
  constructor(
    sub: SubTopology,
    environment: TestTaskEnvironment,
    db: TaskDatabase = memoryTaskDatabase(),
    storage?: StateStorage,
  ) {
    this.sub = sub
    this.id = TestTask.#idOf(sub)
    this.#environment = environment
    this.#db = db
    this.#storage = storage
    this.#begin(new TaskState(db))
  }

  /** Opens the database of a sub-topology's task. */
  static openDatabase(sub: SubTopology, storage: StateStorage): Promise<TaskDatabase> {
    const families = ['default', ...sub.stores.flatMap(familiesOf)]
    return storage.open(applicationId, TestTask.#idOf(sub), families)
  }

  static #idOf(sub: SubTopology): string {
    return `${sub.id}_0`
  }

  get graph(): ProcessorGraph {
    return this.#graph
  }

  /** Sends on what caches hold back. */
  flushCaches(): void {
    for (const _ of this.#graph.flushCaches());
  }

  /** Writes changelogs and state. */
  commit(): void {
    this.#expiry.removeVersions()
    for (const store of this.sub.stores) {
      if (!store.logging) continue
      let rows = this.#changelogs.get(store.name)
      for (const row of this.#state.store(store.name).pending()) {
        if (rows === undefined) this.#changelogs.set(store.name, (rows = new Map()))
        if (row.value === null) rows.delete(byteString(row.key))
        else rows.set(byteString(row.key), row)
      }
    }
    this.#metadata = formatObservedTimes(this.#state)
    // With a cache that never has to make room, Kafka Streams shows closed windows for ever.
    if (!this.#environment.budget.enabled) this.#expiry.removeWindows()
    this.#state.commit()
  }

  /** Stops without a commit and starts again. */
  async restart(from: RestartFrom): Promise<void> {
    this.#graph.discardCaches()
    this.#graph.close()
    const storage = this.#storage
    if (storage !== undefined) {
      await this.#db.close()
      if (from === 'changelog') await storage.remove(applicationId, this.id)
      this.#db = await TestTask.openDatabase(this.sub, storage)
    } else if (from === 'changelog') this.#db = memoryTaskDatabase()
    const state = new TaskState(this.#db)
    if (from === 'changelog') this.#restore(state)
    restoreObservedTimes(state, this.#metadata)
    this.#begin(state)
  }

  /** Stops; the database of a storage is closed. */
  async close(): Promise<void> {
    this.closeGraph()
    await this.#db.close()
  }

  /** Stops and leaves the database as it is. */
  closeGraph(): void {
    this.#graph.close()
  }

  #begin(state: TaskState): void {
    this.#state = state
    this.#graph = new ProcessorGraph(this.sub, {
      ...this.#environment,
      taskId: this.id,
      state,
    })
    this.#expiry = new StoreExpiry(this.sub, state, this.#environment.budget.enabled)
  }

  #restore(state: TaskState): void {
    for (const store of this.sub.stores) {
      const rows = this.#changelogs.get(store.name)
      if (rows === undefined) continue
      const restorer = new StoreRestorer(state, store)
      for (const { key, value, timestamp } of rows.values()) restorer.put(key, value, timestamp)
    }
    state.commit()
  }
}
