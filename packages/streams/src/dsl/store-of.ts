import { InvalidOptionError, UnsupportedError } from '@varve/base'

import type { Serde } from '../serde.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import type { Materialized } from './api.ts'
import { required } from './stream-node.ts'

/** How much of the past a table keeps. @throws InvalidOptionError */
function checkedHistory({ historyMs = 0 }: { readonly historyMs?: number }): number {
  if (Number.isSafeInteger(historyMs) && historyMs >= 0) return historyMs
  throw new InvalidOptionError('historyMs', 'must be a whole number of milliseconds not below 0')
}

/** For stores that cannot be versioned. @throws UnsupportedError */
function refuseHistory({
  store,
  historyMs,
}: {
  readonly store: string
  readonly historyMs?: number
}): void {
  if (historyMs !== undefined) throw new UnsupportedError(`keeping the past in store "${store}"`)
}

/** A key-value store without a past. */
export function plainStoreOf<K, V>(
  materialized: Materialized<K, V>,
  keySerde: Serde<K> | undefined,
): StoreBuilder<K, V> {
  refuseHistory(materialized)
  return keyValueStoreOf(materialized, keySerde)
}

/** A key-value store as the caller wants it. */
export function keyValueStoreOf<K, V>(
  materialized: Materialized<K, V>,
  keySerde: Serde<K> | undefined,
): StoreBuilder<K, V> {
  return {
    name: materialized.store,
    kind: materialized.historyMs === undefined ? 'key-value' : 'versioned',
    keySerde: required(materialized.keySerde ?? keySerde, 'keySerde', materialized.store),
    valueSerde: materialized.valueSerde,
    caching: materialized.historyMs === undefined && (materialized.caching ?? true),
    logging: materialized.logging ?? true,
    retentionMs: checkedHistory(materialized),
    windowSizeMs: 0,
    timeIndex: false,
  }
}

/** A store whose layout is its operator's own. */
export function bytesStoreOf<K, V>(
  name: string,
  keySerde: Serde<K>,
  valueSerde: Serde<V>,
): StoreBuilder<K, V> {
  return {
    name,
    kind: 'bytes',
    keySerde,
    valueSerde,
    caching: false,
    logging: true,
    retentionMs: 0,
    windowSizeMs: 0,
    timeIndex: false,
  }
}

/** A window or session store as the caller wants it. */
export function windowedStoreOf<K, V>(
  materialized: Materialized<K, V>,
  keySerde: Serde<K> | undefined,
  windows: {
    readonly kind: 'window' | 'session'
    readonly sizeMs: number
    readonly retentionMs: number
    readonly timeIndex: boolean
  },
): StoreBuilder<K, V> {
  return {
    ...plainStoreOf(materialized, keySerde),
    kind: windows.kind,
    caching: !windows.timeIndex && (materialized.caching ?? true),
    retentionMs: materialized.retentionMs ?? windows.retentionMs,
    windowSizeMs: windows.sizeMs,
    timeIndex: windows.timeIndex,
    ...(materialized.closedWindows === undefined
      ? {}
      : { closedWindows: materialized.closedWindows }),
  }
}
