import { CorruptionError, yieldToEventLoop } from '@varve/base'

import type { TableReader } from './table-reader.ts'

const readaheadBytes = 256 * 1024
/** Entries between two looks at the event loop and the signal. */
const entriesInTurn = 8192

/** {@link TableReader.verify}: walking a table reads and checks its blocks; the rest is looked at here. @internal */
export async function verifyTable(table: TableReader, signal?: AbortSignal): Promise<void> {
  const { path: file, comparator } = table
  using iterator = table.iterator({ fillCache: false, readaheadBytes })
  let entries = table.rangeTombstones.length
  let last: Uint8Array | undefined
  for (iterator.seekToFirst(); iterator.valid; iterator.next()) {
    const { key } = iterator
    if (last !== undefined && comparator.compare(last, key) >= 0)
      throw new CorruptionError('keys of a table do not ascend', { file })
    last = new Uint8Array(key)
    if (++entries % entriesInTurn === 0) {
      signal?.throwIfAborted()
      await yieldToEventLoop()
    }
  }
  const { entries: expected, rangeDeletions, dataBlocks } = table.properties
  // Old releases leave range deletions out of the number of entries.
  const isKnown = dataBlocks > 0
  if (isKnown && rangeDeletions === 0 && entries !== expected) {
    throw new CorruptionError('table does not have the number of entries it says', {
      file,
      expected,
      actual: entries,
    })
  }
}
