import { ErrorCode } from '@varve/kafka-protocol'
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { BrokerContext } from '../broker-context.ts'
import { isListConfig, topicConfigDefault } from '../topics/topic-config.ts'

type Resource = IncrementalAlterConfigsRequest['resources'][number]

const TOPIC = 2
const Operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** IncrementalAlterConfigs for topics; the broker's own settings are fixed when it is opened. */
export async function handleIncrementalAlterConfigs(
  context: BrokerContext,
  request: IncrementalAlterConfigsRequest,
): Promise<IncrementalAlterConfigsResponse> {
  const results: IncrementalAlterConfigsResponse['results'][number][] = []
  for (const resource of request.resources) {
    const { resourceType, resourceName } = resource
    try {
      if (resourceType !== TOPIC) {
        throw new ApiError(ErrorCode.INVALID_REQUEST, 'only settings of topics can be altered')
      }
      const change = (configs: Map<string, string>): void => applyTo(configs, resource)
      await context.topics.alterConfigs(resourceName, change, request.validateOnly)
      results.push({ errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const { errorCode, message } = error
      results.push({ errorCode, errorMessage: message, resourceType, resourceName })
    }
  }
  return { results }
}

function applyTo(configs: Map<string, string>, resource: Resource): void {
  for (const { name, operation, value } of resource.configs) {
    if (operation === Operation.delete) {
      configs.delete(name)
      continue
    }
    if (value === null) {
      throw new ApiError(
        ErrorCode.INVALID_CONFIG,
        `Null value not supported for topic config: ${name}`,
      )
    }
    if (operation === Operation.set) configs.set(name, value)
    else configs.set(name, changedList(configs.get(name), name, operation, value))
  }
}

function changedList(
  current: string | undefined,
  name: string,
  operation: number,
  value: string,
): string {
  if (!isListConfig(name)) {
    throw new ApiError(
      ErrorCode.INVALID_CONFIG,
      `Config value append is not allowed for config key: ${name}`,
    )
  }
  const old = (current ?? topicConfigDefault(name)).split(',').filter((item) => item !== '')
  const items = value.split(',')
  if (operation === Operation.append) return [...new Set([...old, ...items])].join(',')
  if (operation === Operation.subtract) return old.filter((item) => !items.includes(item)).join(',')
  throw new ApiError(ErrorCode.INVALID_REQUEST, `unknown config operation ${operation}`)
}
