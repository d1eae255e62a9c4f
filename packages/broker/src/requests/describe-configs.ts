import { ErrorCode } from '@varve/kafka-protocol'
import type { DescribeConfigsRequest, DescribeConfigsResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'
import type { Topic } from '../topics/topic-registry.ts'
import { topicConfigDefault, topicConfigNames } from '../topics/topic-config.ts'

type ConfigResult = DescribeConfigsResponse['results'][number]
type ConfigEntry = ConfigResult['configs'][number]

const TOPIC = 2
const BROKER = 4
const Source = { topic: 1, staticBroker: 4, default: 5 } as const

/** DescribeConfigs for topics and for this broker. */
export function handleDescribeConfigs(
  context: BrokerContext,
  request: DescribeConfigsRequest,
): DescribeConfigsResponse {
  return {
    results: request.resources.map((resource): ConfigResult => {
      const { resourceType, resourceName, configNames } = resource
      const answer = (
        errorCode: number,
        errorMessage: string | null,
        configs: readonly ConfigEntry[],
      ): ConfigResult => ({
        errorCode,
        errorMessage,
        resourceType,
        resourceName,
        configs: configs.filter(({ name }) => configNames === null || configNames.includes(name)),
      })
      if (resourceType === TOPIC) {
        const topic = context.topics.get(resourceName)
        return topic === undefined
          ? answer(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `no topic "${resourceName}"`, [])
          : answer(ErrorCode.NONE, null, topicConfigs(context, topic))
      }
      if (resourceType === BROKER && ['', String(context.defaults.nodeId)].includes(resourceName)) {
        return answer(ErrorCode.NONE, null, brokerConfigs(context))
      }
      return answer(
        ErrorCode.INVALID_REQUEST,
        `no resource "${resourceName}" of type ${resourceType}`,
        [],
      )
    }),
  }
}

function topicConfigs(context: BrokerContext, topic: Topic): ConfigEntry[] {
  return topicConfigNames.map((name) => {
    const own = topic.configs.get(name)
    const broker = context.defaults.topicConfigs[name]
    return {
      name,
      value: own ?? broker ?? topicConfigDefault(name),
      readOnly: false,
      source:
        own !== undefined
          ? Source.topic
          : broker !== undefined
            ? Source.staticBroker
            : Source.default,
      isSensitive: false,
    }
  })
}

function brokerConfigs(context: BrokerContext): ConfigEntry[] {
  const { defaults } = context
  const values: Readonly<Record<string, number | boolean>> = {
    'auto.create.topics.enable': defaults.autoCreateTopics,
    'broker.id': defaults.nodeId,
    'default.replication.factor': 1,
    'group.initial.rebalance.delay.ms': defaults.groupInitialRebalanceDelayMs,
    'group.max.session.timeout.ms': defaults.groupMaxSessionTimeoutMs,
    'group.min.session.timeout.ms': defaults.groupMinSessionTimeoutMs,
    'num.partitions': defaults.partitionCount,
    'offsets.retention.minutes': Math.floor(defaults.offsetsRetentionMs / 60_000),
    'transaction.max.timeout.ms': defaults.transactionMaxTimeoutMs,
  }
  return Object.entries(values).map(([name, value]) => ({
    name,
    value: String(value),
    readOnly: true,
    source: Source.staticBroker,
    isSensitive: false,
  }))
}
