import { InvalidOptionError, NotOpenError } from '@varve/base'

import { CacheBudget } from '../state/cache.ts'
import { KeyValueStore, limited } from '../state/key-value-store.ts'
import { openStore, type TaskStore } from '../state/open-store.ts'
import { SessionStore } from '../state/session-store.ts'
import type {
  KeyedRow,
  KeyRange,
  ReadOnlyKeyValueStore,
  ReadOnlyWindowStore,
  WindowedRow,
  WindowRange,
} from '../state/store.ts'
import { TaskState } from '../state/task-state.ts'
import { VersionedStore } from '../state/versioned-store.ts'
import { WindowStore } from '../state/window-store.ts'
import type { StreamTask } from '../task/stream-task.ts'
import type { Topology } from '../topology/topology.ts'
import type { ValueAndTimestamp } from '../record.ts'

const noCache = new CacheBudget(0)

/** The committed rows of a store in each running task: overlays and caches are not seen. */
function committedStores(
  topology: Topology,
  tasks: Iterable<StreamTask>,
  name: string,
): TaskStore[] {
  const builder = topology.stores.get(name)
  if (builder === undefined) throw new InvalidOptionError('store', `there is no store "${name}"`)
  const found: TaskStore[] = []
  for (const task of tasks) {
    if (!task.sub.stores.includes(builder)) continue
    found.push(
      openStore(builder, new TaskState(task.state.db), {
        budget: noCache,
        captureContext: (into) => task.graph.context.capture(into),
        restoreContext: () => {},
      }),
    )
  }
  if (found.length === 0) throw new NotOpenError(`no task with store "${name}" runs here`)
  return found
}

function* concatenated<T>(parts: Iterable<Iterable<T>>): Generator<T> {
  for (const part of parts) yield* part
}

/** One key-value store over all tasks of this process; rows of one task follow those of another. */
export function committedKeyValueStore<K, V>(
  topology: Topology,
  tasks: () => Iterable<StreamTask>,
  name: string,
): ReadOnlyKeyValueStore<K, V> {
  const stores = (): ReadOnlyKeyValueStore<K, V>[] =>
    committedStores(topology, tasks(), name).map((store) => {
      if (store instanceof KeyValueStore) return store as KeyValueStore<K, V>
      if (store instanceof VersionedStore) return store as VersionedStore<K, V>
      throw new InvalidOptionError('store', `"${name}" is not a key-value store`)
    })
  stores()
  return {
    name,
    get(key: K): ValueAndTimestamp<V> | undefined {
      for (const store of stores()) {
        const row = store.get(key)
        if (row !== undefined) return row
      }
      return undefined
    },
    range: (range: KeyRange<K>): Iterable<KeyedRow<K, V>> =>
      limited(concatenated(stores().map((store) => store.range(range))), range.limit),
    all: () => concatenated(stores().map((store) => store.all())),
  }
}

/** One window or session store over all tasks of this process. */
export function committedWindowStore<K, V>(
  topology: Topology,
  tasks: () => Iterable<StreamTask>,
  name: string,
): ReadOnlyWindowStore<K, V> {
  const stores = (): (WindowStore<K, V> | SessionStore<K, V>)[] =>
    committedStores(topology, tasks(), name).map((store) => {
      if (store instanceof WindowStore) return store as WindowStore<K, V>
      if (store instanceof SessionStore) return store as SessionStore<K, V>
      throw new InvalidOptionError('store', `"${name}" is not a window or session store`)
    })
  stores()
  const over = (
    limit: number | undefined,
    read: (store: ReadOnlyWindowStore<K, V>) => Iterable<WindowedRow<K, V>>,
  ): Iterable<WindowedRow<K, V>> => limited(concatenated(stores().map(read)), limit)
  return {
    name,
    get(key, window) {
      for (const store of stores()) {
        const row = store.get(key, window)
        if (row !== undefined) return row
      }
      return undefined
    },
    fetch: (key: K, range?: WindowRange) => over(range?.limit, (store) => store.fetch(key, range)),
    fetchRange: (keys: KeyRange<K>, range?: WindowRange) =>
      over(range?.limit ?? keys.limit, (store) => store.fetchRange(keys, range)),
    all: (range?: WindowRange) => over(range?.limit, (store) => store.all(range)),
  }
}
