import { UnsupportedError } from '@varve/base'

import type { Columns } from './schema.ts'
import type { RowSerde } from './serde.ts'

/** NONE: nothing is read or written. */
export function createNoneSerde(columns: Columns): RowSerde {
  if (columns.length > 0) throw new UnsupportedError('the NONE format holds no columns')
  return {
    serialize: () => null,
    deserialize: () => null,
    prepare: () => Promise.resolve(),
    ensureRegistered: () => Promise.resolve(),
  }
}
