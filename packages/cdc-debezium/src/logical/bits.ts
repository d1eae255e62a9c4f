import { SqlTypes } from '@varve/serde'

import { invalid } from '../connect/connect-data.ts'
import { connectSchema } from '../connect/connect-schema.ts'
import { BitString } from '../values/values.ts'
import type { LogicalType } from './logical-type.ts'

/** Length of a varying column without limit. */
const UNLIMITED = 2_147_483_647

/** Bit strings: least significant byte first, leading zero bytes left out. */
const bits: LogicalType = {
  base: connectSchema('bytes'),
  sqlType: () => SqlTypes.BYTES,
  decode: (data, schema, path) => {
    if (!(data instanceof Uint8Array)) return invalid(path, 'no bits')
    let text = ''
    for (const byte of data) text = byte.toString(2).padStart(8, '0') + text
    const length = Number(schema.parameters.get('length') ?? UNLIMITED)
    if (!Number.isInteger(length) || length < 0 || length >= UNLIMITED)
      return new BitString(text.replace(/^0+/, ''), null)
    // Never longer than what was sent needs, whatever the schema claims.
    const width = Math.min(length, Math.max(text.length, 1 << 20))
    return new BitString(text.padStart(width, '0').slice(-width), length)
  },
}

export const bitTypes: readonly (readonly [string, LogicalType])[] = [
  ['io.debezium.data.Bits', bits],
]
