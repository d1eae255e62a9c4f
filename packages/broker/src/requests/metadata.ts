import { ErrorCode } from '@varve/kafka-protocol'
import type { MetadataRequest, MetadataResponse, MetadataTopic } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import { LEADER_EPOCH } from '../log/partition-log.ts'
import type { Topic } from '../topics/topic-registry.ts'

/** Metadata: this node leads everything. Unknown topics are made when both the request and the broker allow it. */
export async function handleMetadata(
  context: BrokerContext,
  request: MetadataRequest,
): Promise<MetadataResponse> {
  const { nodeId, advertisedHost, advertisedPort } = context.defaults
  const topics: MetadataTopic[] = []
  if (request.topics === null) {
    for (const topic of context.topics.all()) topics.push(describe(topic, nodeId))
  } else {
    for (const name of request.topics) {
      topics.push(await describeOrCreate(context, name, request.allowAutoTopicCreation))
    }
  }
  return {
    brokers: [{ nodeId, host: advertisedHost, port: advertisedPort, rack: null }],
    clusterId: context.clusterId,
    controllerId: nodeId,
    topics,
  }
}

async function describeOrCreate(
  context: BrokerContext,
  name: string,
  allowCreation: boolean,
): Promise<MetadataTopic> {
  const { defaults } = context
  const known = context.topics.get(name)
  if (known !== undefined) return describe(known, defaults.nodeId)
  const refused = (errorCode: number): MetadataTopic => ({
    errorCode,
    name,
    isInternal: false,
    partitions: [],
  })
  if (!allowCreation || !defaults.autoCreateTopics) {
    return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  }
  try {
    const topic = await context.topics.create({
      name,
      partitionCount: defaults.partitionCount,
      configs: new Map(),
    })
    return describe(topic, defaults.nodeId)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const raced = context.topics.get(name)
    return raced === undefined ? refused(error.errorCode) : describe(raced, defaults.nodeId)
  }
}

function describe(topic: Topic, nodeId: number): MetadataTopic {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    isInternal: topic.isInternal,
    partitions: topic.partitions.map((_, partition) => ({
      errorCode: ErrorCode.NONE,
      partition,
      leaderId: nodeId,
      leaderEpoch: LEADER_EPOCH,
      replicas: [nodeId],
      isr: [nodeId],
    })),
  }
}
