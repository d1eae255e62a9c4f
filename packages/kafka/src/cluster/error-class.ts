import { isVarveError, type VarveErrorCode } from '@varve/base'
import { ErrorCode, type ApiName } from '@varve/kafka-protocol'

/**
 * What to do about an error code:
 *
 * - `metadata`: the same request to the leader that fresh metadata names
 * - `coordinator`: the same request to the coordinator that is found anew
 * - `backoff`: the same request a little later
 * - `settle`: the same request very soon; a transaction is just being completed
 * - `fatal`: nothing; the caller decides
 */
export type ErrorReaction = 'metadata' | 'coordinator' | 'backoff' | 'settle' | 'fatal'

const metadata = new Set<number>([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.LISTENER_NOT_FOUND,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.NOT_CONTROLLER,
])

const coordinator = new Set<number>([
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
])

const backoff = new Set<number>([
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NETWORK_EXCEPTION,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.OFFSET_NOT_AVAILABLE,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
  ErrorCode.THROTTLING_QUOTA_EXCEEDED,
])

/** Reaction to `code` in the answer to `api`. */
export function reactionTo(code: number, api: ApiName): ErrorReaction {
  if (metadata.has(code)) return 'metadata'
  if (coordinator.has(code)) return 'coordinator'
  if (code === ErrorCode.CONCURRENT_TRANSACTIONS) return 'settle'
  if (backoff.has(code)) return 'backoff'
  // Bytes damaged on the way to the broker may arrive whole the next time; damaged in its log they stay so.
  if (code === ErrorCode.CORRUPT_MESSAGE && api === 'Produce') return 'backoff'
  return 'fatal'
}

const final = new Set<VarveErrorCode>([
  'VARVE_UNSUPPORTED',
  'VARVE_ABORTED',
  'VARVE_INVALID_OPTION',
  'VARVE_ASSERTION',
  'VARVE_CORRUPTION',
  'VARVE_NOT_OPEN',
  'VARVE_SERIALIZATION',
])

/** Whether a send that was rejected (no answer came) is worth repeating. */
export function isTransient(error: unknown): boolean {
  if (isVarveError(error)) return !final.has(error.code)
  return !(error instanceof TypeError || error instanceof RangeError)
}
