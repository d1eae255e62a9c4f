import { ErrorCode, readBatchHeaders } from '@varve/kafka-protocol'
import type { ProduceRequest, ProduceResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { isInternalTopic } from '../topics/topic-name.ts'

type ProducedTopic = ProduceResponse['topics'][number]
type ProducedPartition = ProducedTopic['partitions'][number]

/**
 * Produce: appends before it returns to the caller's turn of the event loop, so requests take effect in the order they were sent. With the
 * policy `every-batch` the answer waits for the disk. The request's bytes get offsets stamped in place.
 */
export async function handleProduce(
  context: BrokerContext,
  request: ProduceRequest,
): Promise<ProduceResponse> {
  const written: PartitionLog[] = []
  let topics = request.topics.map(({ topic, partitions }): ProducedTopic => ({
    topic,
    partitions: partitions.map(({ partition, records }) => {
      try {
        if (request.acks !== 0 && request.acks !== 1 && request.acks !== -1) {
          throw new ApiError(ErrorCode.INVALID_REQUIRED_ACKS)
        }
        return append(context, request, topic, partition, records, written)
      } catch (error) {
        return refusal(partition, error)
      }
    }),
  }))
  const toFlush = written.filter((log) => context.flushEveryBatch || log.config.flushEveryBatch)
  if (toFlush.length > 0 && request.acks !== 0) {
    const failures = new Map<PartitionLog, unknown>()
    await Promise.all(
      toFlush.map((log) => log.flush().catch((error: unknown) => failures.set(log, error))),
    )
    if (failures.size > 0) topics = withFailures(topics, failures)
  }
  return { topics, throttleTimeMs: 0 }
}

function append(
  context: BrokerContext,
  request: ProduceRequest,
  topic: string,
  partition: number,
  records: Uint8Array,
  written: PartitionLog[],
): ProducedPartition {
  if (isInternalTopic(topic)) {
    throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `topic "${topic}" belongs to the broker`)
  }
  const log = context.topics.requireLog(topic, partition)
  if (request.acks === -1 && log.config.minInsyncReplicas > 1) {
    throw new ApiError(ErrorCode.NOT_ENOUGH_REPLICAS, 'there is one replica')
  }
  const { transactionalId } = request
  if (transactionalId !== null) verifyTransaction(context, transactionalId, log, records)
  const result = log.append(records)
  written.push(log)
  return {
    partition,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    baseOffset: result.baseOffset,
    logAppendTimeMs: result.logAppendTimeMs,
    logStartOffset: log.logStartOffset,
  }
}

/** A transactional batch outside an open transaction would hang the last stable offset: refused, as Kafka does since 3.6 (KIP-890). */
function verifyTransaction(
  context: BrokerContext,
  transactionalId: string,
  log: PartitionLog,
  records: Uint8Array,
): void {
  let header
  try {
    for (const located of readBatchHeaders(records)) {
      header = located.header
      break
    }
  } catch {
    // The append checks the batch in full and names what is wrong with it.
    return
  }
  if (header === undefined || !header.isTransactional) return
  context.transactions.verifyPartition(
    transactionalId,
    header.producerId,
    header.producerEpoch,
    log.topic,
    log.partition,
  )
}

function refusal(partition: number, error: unknown): ProducedPartition {
  if (!(error instanceof ApiError)) throw error
  return {
    partition,
    errorCode: error.errorCode,
    errorMessage: error.message,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
  }
}

function withFailures(
  topics: readonly ProducedTopic[],
  failures: ReadonlyMap<PartitionLog, unknown>,
): ProducedTopic[] {
  return topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((produced) => {
      for (const [log, error] of failures) {
        if (log.topic === topic.topic && log.partition === produced.partition) {
          return refusal(produced.partition, error)
        }
      }
      return produced
    }),
  }))
}
