import type { Serde } from '../serde.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import type { Materialized } from './api.ts'
import { required } from './stream-node.ts'

/** A key-value store as the caller wants it. */
export function keyValueStoreOf<K, V>(
  materialized: Materialized<K, V>,
  keySerde: Serde<K> | undefined,
): StoreBuilder<K, V> {
  return {
    name: materialized.store,
    kind: 'key-value',
    keySerde: required(materialized.keySerde ?? keySerde, 'keySerde', materialized.store),
    valueSerde: materialized.valueSerde,
    caching: materialized.caching ?? true,
    logging: materialized.logging ?? true,
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
    ...keyValueStoreOf(materialized, keySerde),
    kind: windows.kind,
    caching: !windows.timeIndex && (materialized.caching ?? true),
    retentionMs: materialized.retentionMs ?? windows.retentionMs,
    windowSizeMs: windows.sizeMs,
    timeIndex: windows.timeIndex,
  }
}
