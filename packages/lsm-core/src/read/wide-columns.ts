import { ByteReader, CorruptionError, emptyBytes } from '@varve/base'

/**
 * The default column of a wide-column entity, what a plain read of such a key returns; empty when it has none.
 *
 *     varint32 version (1) | varint32 columns | per column: slice name, varint32 value size | values
 *
 * Columns are sorted by name and the default column has the empty name, so it can only be the first.
 */
export function defaultColumnOf(entity: Uint8Array): Uint8Array {
  const reader = new ByteReader(entity)
  if (reader.varint32() !== 1) throw new CorruptionError('wide-column entity of an unknown version')
  const columns = reader.varint32()
  if (columns > entity.length) throw new CorruptionError('wide-column entity has too many columns')
  let defaultSize = -1
  for (let i = 0; i < columns; i++) {
    const name = reader.slice()
    const size = reader.varint32()
    if (i === 0 && name.length === 0) defaultSize = size
  }
  return defaultSize < 0 ? emptyBytes : reader.take(defaultSize)
}
