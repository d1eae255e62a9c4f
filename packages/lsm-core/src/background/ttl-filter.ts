import { concatBytes } from '@varve/base'
import type { CompactionFilter } from '@varve/compaction'

import { timeOf, withoutTime } from '../write/value-time.ts'
import type { TimeToLive } from './jobs.ts'

/**
 * Removes values whose time has passed, and shows the others to the user's filter without their time. A value that it changes
 * keeps its time. Source: RocksDB's DBWithTTL.
 */
export function ttlFilter(
  { seconds, nowS }: TimeToLive,
  inner: CompactionFilter | undefined,
): CompactionFilter {
  return {
    name: 'varve.TtlFilter',
    filter(level, key, stored, type) {
      if (type === 'value' && seconds > 0 && timeOf(stored) + seconds < nowS) return 'remove'
      if (inner === undefined) return 'keep'
      const value = withoutTime(stored)
      const decision = inner.filter(level, key, value, type)
      if (decision === 'keep' || decision === 'remove') return decision
      return { changeValue: concatBytes(decision.changeValue, stored.subarray(value.length)) }
    },
  }
}
