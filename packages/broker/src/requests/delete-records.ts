import { ErrorCode } from '@varve/kafka-protocol'
import type { DeleteRecordsRequest, DeleteRecordsResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import { isInternalTopic } from '../topics/topic-name.ts'

/** DeleteRecords: moves log starts forward; whole segments below are removed, the start itself is remembered in the checkpoint. */
export async function handleDeleteRecords(
  context: BrokerContext,
  request: DeleteRecordsRequest,
): Promise<DeleteRecordsResponse> {
  const topics: DeleteRecordsResponse['topics'][number][] = []
  for (const { topic, partitions } of request.topics) {
    const answers: DeleteRecordsResponse['topics'][number]['partitions'][number][] = []
    for (const { partition, offset } of partitions) {
      try {
        const lowWatermark = await deleteRecords(context, topic, partition, offset)
        answers.push({ partition, lowWatermark, errorCode: ErrorCode.NONE })
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        answers.push({ partition, lowWatermark: -1, errorCode: error.errorCode })
      }
    }
    topics.push({ topic, partitions: answers })
  }
  await context.saveLogStarts()
  return { topics }
}

async function deleteRecords(
  context: BrokerContext,
  topic: string,
  partition: number,
  offset: number,
): Promise<number> {
  if (isInternalTopic(topic)) {
    throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `topic "${topic}" belongs to the broker`)
  }
  const log = context.topics.requireLog(topic, partition)
  if (log.config.compact && !log.config.delete) {
    throw new ApiError(ErrorCode.POLICY_VIOLATION, 'a compacted topic keeps the newest of each key')
  }
  const gone = log.advanceLogStart(offset === -1 ? log.logEndOffset : offset)
  for (const segment of gone) {
    await segment.removeFiles(log.environment.fileSystem, log.environment.files)
  }
  return log.logStartOffset
}
