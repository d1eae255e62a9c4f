import { emptyBytes } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'
import type { FetchedPartition, FetchRequest, FetchResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext, RequestScope } from '../broker-context.ts'
import { readLog } from '../log/log-reader.ts'
import { LEADER_EPOCH, type PartitionLog } from '../log/partition-log.ts'

interface FetchRound {
  readonly response: FetchResponse
  readonly bytes: number
  readonly hasError: boolean
}

/**
 * Fetch: answers when `minBytes` are there, an error is to be told, or `maxWaitMs` are over. The answer's bytes belong to the receiver. In all at
 * most `maxBytes`, except that the first batch comes whole.
 */
export async function handleFetch(
  context: BrokerContext,
  request: FetchRequest,
  scope: RequestScope,
): Promise<FetchResponse> {
  const deadline = context.clock.monotonicMs() + request.maxWaitMs
  for (;;) {
    const round = readRound(context, request)
    if (round.hasError || round.bytes >= request.minBytes) return round.response
    const timeIsOver = await context.fetches.wait({
      logs: requestedLogs(context, request),
      missingBytes: request.minBytes - round.bytes,
      readCommitted: request.isolationLevel === 1,
      maxWaitMs: deadline - context.clock.monotonicMs(),
      signal: scope.signal,
    })
    if (timeIsOver) return readRound(context, request).response
  }
}

function readRound(context: BrokerContext, request: FetchRequest): FetchRound {
  let left = request.maxBytes
  let bytes = 0
  let hasError = false
  const topics = request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((wanted): FetchedPartition => {
      const log = context.topics.log(topic, wanted.partition)
      try {
        if (log === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        requireLeaderEpoch(wanted.currentLeaderEpoch)
        const found = readLog(log, {
          offset: wanted.fetchOffset,
          maxBytes: Math.max(0, Math.min(wanted.maxBytes, left)),
          wholeFirstBatch: bytes === 0,
          readCommitted: request.isolationLevel === 1,
        })
        bytes += found.records.length
        left -= found.records.length
        return {
          ...watermarks(wanted.partition, ErrorCode.NONE, log),
          abortedTransactions: found.abortedTransactions.map(({ producerId, firstOffset }) => ({
            producerId,
            firstOffset,
          })),
          records: found.records,
        }
      } catch (error) {
        hasError = true
        return failed(wanted.partition, log, error)
      }
    }),
  }))
  return { response: { throttleTimeMs: 0, errorCode: ErrorCode.NONE, topics }, bytes, hasError }
}

function watermarks(
  partition: number,
  errorCode: number,
  log: PartitionLog | undefined,
): FetchedPartition {
  return {
    partition,
    errorCode,
    highWatermark: log?.logEndOffset ?? -1,
    lastStableOffset: log?.lastStableOffset ?? -1,
    logStartOffset: log?.logStartOffset ?? -1,
    abortedTransactions: [],
    records: emptyBytes,
  }
}

function failed(
  partition: number,
  log: PartitionLog | undefined,
  error: unknown,
): FetchedPartition {
  // Anything but a refusal is the file: unreadable, or not what was written there.
  const code = error instanceof ApiError ? error.errorCode : ErrorCode.KAFKA_STORAGE_ERROR
  if (!(error instanceof ApiError)) log?.environment.onBackgroundError(error)
  return watermarks(partition, code, log)
}

/** The only epoch there is. @throws ApiError when the client knows another. */
function requireLeaderEpoch(epoch: number): void {
  if (epoch < 0 || epoch === LEADER_EPOCH) return
  throw new ApiError(
    epoch < LEADER_EPOCH ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH,
  )
}

function requestedLogs(context: BrokerContext, request: FetchRequest): PartitionLog[] {
  const logs: PartitionLog[] = []
  for (const { topic, partitions } of request.topics) {
    for (const { partition } of partitions) {
      const log = context.topics.log(topic, partition)
      if (log !== undefined) logs.push(log)
    }
  }
  return logs
}
