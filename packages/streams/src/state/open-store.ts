import { BytesStore } from './bytes-store.ts'
import type { CacheBudget } from './cache.ts'
import { JoinOuterStore, JoinStore } from './join-store.ts'
import { KeyValueStore } from './key-value-store.ts'
import { observedNumber, WindowLifetime } from './lifetime.ts'
import { sequenceNumber } from './numbers.ts'
import type { RowStoreEnvironment } from './row-store.ts'
import { SessionStore } from './session-store.ts'
import type { StoreBuilder } from './store-builder.ts'
import type { TaskState } from './task-state.ts'
import { VersionedStore } from './versioned-store.ts'
import type { WindowedStoreOptions } from './windowed-store.ts'
import { WindowStore } from './window-store.ts'

/** Any store of a task. */
export type TaskStore =
  | KeyValueStore<unknown, unknown>
  | VersionedStore<unknown, unknown>
  | WindowStore<unknown, unknown>
  | SessionStore<unknown, unknown>
  | JoinStore<unknown, unknown>
  | JoinOuterStore<unknown>
  | BytesStore

/** Family of a store's index by time. */
export function timeIndexFamily(store: string): string {
  return `${store}.by-time`
}

/** Families that a store occupies in its task's database. */
export function familiesOf(store: StoreBuilder): string[] {
  return store.timeIndex ? [store.name, timeIndexFamily(store.name)] : [store.name]
}

/** Opens a store of a task over the task's state. */
export function openStore(
  builder: StoreBuilder,
  state: TaskState,
  environment: Omit<RowStoreEnvironment, 'bytes'> & { readonly budget: CacheBudget },
): TaskStore {
  const { name, caching, retentionMs, windowSizeMs } = builder
  const keySerde = builder.keySerde as StoreBuilder<unknown>['keySerde']
  const valueSerde = builder.valueSerde as StoreBuilder<never, unknown>['valueSerde']
  const bytes = state.store(name)
  const rowEnvironment: RowStoreEnvironment = { ...environment, bytes }
  const observed = (): { value: number } => state.number(observedNumber(name), -1)
  const sequence = (): { value: number } => state.number(sequenceNumber(name), 0)
  const windowed = (): WindowedStoreOptions<unknown, unknown> => ({
    name,
    keySerde,
    valueSerde,
    caching,
    lifetime: new WindowLifetime(builder, state),
    index: builder.timeIndex ? state.store(timeIndexFamily(name)) : undefined,
  })
  switch (builder.kind) {
    case 'key-value':
      return new KeyValueStore(name, keySerde, valueSerde, caching, rowEnvironment)
    case 'versioned':
      return new VersionedStore(name, bytes, keySerde, valueSerde, retentionMs, observed())
    case 'window':
      return new WindowStore({ ...windowed(), windowSizeMs }, rowEnvironment)
    case 'session':
      return new SessionStore(windowed(), rowEnvironment)
    case 'join-window':
      return new JoinStore(name, bytes, keySerde, valueSerde, retentionMs, observed(), sequence())
    case 'join-outer':
      return new JoinOuterStore(name, bytes, keySerde, sequence())
    case 'bytes':
      return new BytesStore(name, bytes)
  }
}
