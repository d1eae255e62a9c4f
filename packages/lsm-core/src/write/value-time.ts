import { concatBytes, CorruptionError, readFixed32, writeFixed32 } from '@varve/base'
import type { MergeOperator } from '@varve/compaction'
import { WriteBatch } from '@varve/wal'

/** Bytes of the time behind every value and merge operand of a family with a time to live. */
const timeBytes = 4
/** RocksDB had no such families before: an earlier time is damage, or the value has none. */
const earliestS = 1_368_146_402

/** A stored value with the time of its write, Unix seconds, behind it. Source: RocksDB's DBWithTTL. */
function withTime(value: Uint8Array, nowS: number): Uint8Array {
  const time = new Uint8Array(timeBytes)
  writeFixed32(time, 0, nowS)
  return concatBytes(value, time)
}

/** Unix seconds behind a stored value. @throws CorruptionError when there are none */
export function timeOf(stored: Uint8Array): number {
  const timeS = stored.length < timeBytes ? 0 : readFixed32(stored, stored.length - timeBytes)
  if (timeS < earliestS) throw new CorruptionError('value without the time of its write')
  return timeS
}

/** View of a stored value without its time. @throws CorruptionError when it has none */
export function withoutTime(stored: Uint8Array): Uint8Array {
  timeOf(stored)
  return stored.subarray(0, stored.length - timeBytes)
}

/** A batch with times behind the values of the families that have them; `batch` itself when it touches none. */
export function batchWithTimes(
  batch: WriteBatch,
  familyIds: ReadonlySet<number>,
  nowS: number,
): WriteBatch {
  // Entries of the default family are not in the list of ids.
  if (!familyIds.has(0) && ![...batch.columnFamilyIds].some((id) => familyIds.has(id))) return batch
  const out = new WriteBatch(batch.sizeBytes + batch.count * timeBytes)
  const stored = (id: number, value: Uint8Array): Uint8Array =>
    familyIds.has(id) ? withTime(value, nowS) : value
  batch.iterate({
    put: (id, key, value) => out.putTo(id, key, stored(id, value)),
    delete: (id, key) => out.deleteFrom(id, key),
    singleDelete: (id, key) => out.singleDelete(key, { cf: { id } }),
    merge: (id, key, operand) => out.merge(key, stored(id, operand), { cf: { id } }),
    deleteRange: (id, begin, end) => out.deleteRange(begin, end, { cf: { id } }),
    logData: (blob) => out.logData(blob),
  })
  return out
}

/** `operator` over stored values: what it makes of them gets the present time. */
export function mergeOperatorWithTimes(operator: MergeOperator, nowS: number): MergeOperator {
  return {
    name: operator.name,
    fullMerge: (key, base, operands) =>
      withTime(
        operator.fullMerge(
          key,
          base === undefined ? undefined : withoutTime(base),
          operands.map(withoutTime),
        ),
        nowS,
      ),
    partialMerge: (key, operands) => {
      const merged = operator.partialMerge?.(key, operands.map(withoutTime))
      return merged === undefined ? undefined : withTime(merged, nowS)
    },
  }
}
