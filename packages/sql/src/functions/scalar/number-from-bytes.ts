import { int64FromBigInt, type Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

function define(
  type: 'INTEGER' | 'BIGINT' | 'DOUBLE',
  prefix: string,
  length: number,
  read: (view: DataView, littleEndian: boolean) => Value,
): ScalarFunction {
  const name = `${prefix}_FROM_BYTES`
  const evaluate = (bytes: Uint8Array, order = 'BIG_ENDIAN'): Value => {
    if (bytes.length !== length) {
      throw new RangeError(`${name} takes ${length} bytes, not ${bytes.length}`)
    }
    if (order !== 'BIG_ENDIAN' && order !== 'LITTLE_ENDIAN') {
      throw new RangeError(`"${order}" is no byte order: BIG_ENDIAN or LITTLE_ENDIAN is`)
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return read(view, order === 'LITTLE_ENDIAN')
  }
  const bytes = { name: 'bytes', type: 'BYTES' }
  const order = {
    name: 'order',
    type: 'STRING',
    description: 'BIG_ENDIAN (default) or LITTLE_ENDIAN.',
  }
  return {
    kind: 'scalar',
    name,
    category: 'CONVERSIONS',
    description: `The ${type} that ${length} bytes hold.`,
    overloads: [
      { parameters: [bytes], returns: type, evaluate },
      { parameters: [bytes, order], returns: type, evaluate },
    ],
  }
}

/** Numbers of their bytes; another count of bytes than the type has is an error. */
export const numbersFromBytes: readonly ScalarFunction[] = [
  define('INTEGER', 'INT', 4, (view, little) => view.getInt32(0, little)),
  define('BIGINT', 'BIGINT', 8, (view, little) => int64FromBigInt(view.getBigInt64(0, little))),
  define('DOUBLE', 'DOUBLE', 8, (view, little) => view.getFloat64(0, little)),
]
