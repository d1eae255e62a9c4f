import type { ConsumerOptions } from '../client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { listOffsets } from '../cluster/list-offsets.ts'
import { OffsetOutOfRangeError } from '../errors.ts'
import type { PartitionState } from './partition-state.ts'

/** What a position outside the log does. */
export type OutOfRangeReaction = NonNullable<ConsumerOptions['onOutOfRange']>

/**
 * Moves a partition whose position is outside its log to one of the log's ends, or has it fail, as the reaction says; true when it is
 * to be tried again after a pause.
 */
export async function resolveOutOfRange(
  cluster: Cluster,
  state: PartitionState,
  reaction: OutOfRangeReaction,
  signal: AbortSignal,
): Promise<boolean> {
  const { topic, partition, fetchPosition, seeks } = state
  let logStart: number
  let logEnd: number
  try {
    const options = { deadline: cluster.deadline(), signal }
    logStart = (await listOffsets(cluster, [{ topic, partition, timestamp: -2 }], 0, options))[0]!
      .offset
    logEnd = (await listOffsets(cluster, [{ topic, partition, timestamp: -1 }], 0, options))[0]!
      .offset
  } catch (error) {
    state.error = error
    return false
  }
  // A seek meanwhile, or the log moved again: try once more with what holds now.
  if (state.seeks !== seeks) return false
  if (fetchPosition >= logStart && fetchPosition <= logEnd) return true
  if (reaction === 'fail') {
    state.error = new OffsetOutOfRangeError({
      topic,
      partition,
      position: fetchPosition,
      logStart,
      logEnd,
    })
    state.stuck = true
    return false
  }
  if (state.hasBuffered) return true
  state.seek(reaction === 'earliest' ? logStart : logEnd)
  return false
}
