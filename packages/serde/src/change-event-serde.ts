import { UnsupportedError } from '@varve/base'

import type { FormatName } from './schema.ts'
import type { RowSerde } from './serde.ts'

/**
 * Change events are no rows: key, value and headers of a record make one together, and it may stand for no row at all. Sources read them as a whole;
 * there is nothing to register, and whoever asks for rows of one side is refused.
 */
export function createChangeEventSerde(format: FormatName): RowSerde {
  const refuse = (what: string): never => {
    throw new UnsupportedError(`the ${format} format does not ${what}`)
  }
  return {
    serialize: () => refuse('write rows'),
    deserialize: () => refuse('read rows of one side of a record'),
    prepare: () => Promise.resolve(),
    ensureRegistered: () => Promise.resolve(),
  }
}
