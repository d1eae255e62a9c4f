import { ErrorCode } from '@varve/kafka-protocol'
import type { ListOffsetsRequest, ListOffsetsResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import { findOffsetByTime, type TimestampedOffset } from '../log/log-reader.ts'

const END = -1
const START = -2
/** Offset of the record with the largest timestamp (KIP-734). */
const MAX_TIMESTAMP = -3

/** ListOffsets: log start, end (or last stable offset) and offsets by time. */
export function handleListOffsets(
  context: BrokerContext,
  request: ListOffsetsRequest,
): ListOffsetsResponse {
  return {
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, timestamp }) => {
        try {
          const found = find(context, topic, partition, timestamp, request.isolationLevel === 1)
          return {
            partition,
            errorCode: ErrorCode.NONE,
            timestamp: found?.timestamp ?? -1,
            offset: found?.offset ?? -1,
          }
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
          return { partition, errorCode: error.errorCode, timestamp: -1, offset: -1 }
        }
      }),
    })),
  }
}

function find(
  context: BrokerContext,
  topic: string,
  partition: number,
  timestamp: number,
  readCommitted: boolean,
): TimestampedOffset | undefined {
  const log = context.topics.requireLog(topic, partition)
  const end = readCommitted ? log.lastStableOffset : log.logEndOffset
  if (timestamp === END) return { offset: end, timestamp: -1 }
  if (timestamp === START) return { offset: log.logStartOffset, timestamp: -1 }
  if (timestamp === MAX_TIMESTAMP) {
    const largest = Math.max(...log.segments.map((segment) => segment.maxTimestamp))
    return largest < 0 ? undefined : findOffsetByTime(log, largest, end)
  }
  if (timestamp < 0) throw new ApiError(ErrorCode.UNSUPPORTED_VERSION)
  return findOffsetByTime(log, timestamp, end)
}
