import type { Serde, Windowed } from '@varve/streams'

import type { CaseValue, ResultRow } from './case.ts'

/** Keys of a case: texts, or windowed texts behind a windowed aggregate. */
export type CaseKey = string | null | Windowed<string>

/** UTF-8 text. */
export const textSerde: Serde<CaseKey> = {
  serialize: (key) => (key === null ? null : new Uint8Array(Buffer.from(key as string))),
  deserialize: (bytes) => (bytes === null ? null : Buffer.from(bytes).toString()),
}

/** JSON objects. */
export const jsonSerde: Serde<CaseValue> = {
  serialize: (value) =>
    value === null ? null : new Uint8Array(Buffer.from(JSON.stringify(value))),
  deserialize: (bytes) =>
    bytes === null ? null : (JSON.parse(Buffer.from(bytes).toString()) as CaseValue),
}

/** Plain and windowed keys as they are shown in a result. */
export const shownKeySerde: Serde<CaseKey> = {
  serialize: (key) => new Uint8Array(Buffer.from(JSON.stringify(shownKey(key)))),
  deserialize() {
    throw new TypeError('shown keys are not read')
  },
}

/** A key as a result row names it. */
export function shownKey(key: CaseKey): Pick<ResultRow, 'key' | 'window'> {
  if (key === null || typeof key === 'string') return { key }
  return { key: key.key, window: { start: key.window.start, end: key.window.end } }
}
