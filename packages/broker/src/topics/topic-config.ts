import { ErrorCode } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { LogConfig } from '../log/log-config.ts'

type ConfigKind = 'integer' | 'ratio' | 'boolean' | readonly string[] | 'list' | 'text'

interface ConfigRule {
  readonly kind: ConfigKind
  readonly default: string
  readonly min?: number
}

const DAY_MS = 86_400_000
const NEVER = '9223372036854775807'

/**
 * Topic settings that are known, with Kafka's defaults. Some have nothing to act on here (throttles and elections of replicas, the delay before a file goes,
 * preallocation, jitter); they are kept and told as Kafka keeps and tells them.
 */
const rules: Readonly<Record<string, ConfigRule>> = {
  'cleanup.policy': {
    kind: ['delete', 'compact', 'compact,delete', 'delete,compact'],
    default: 'delete',
  },
  'compression.type': { kind: ['producer'], default: 'producer' },
  'delete.retention.ms': { kind: 'integer', default: String(DAY_MS), min: 0 },
  'file.delete.delay.ms': { kind: 'integer', default: '60000', min: 0 },
  'flush.messages': { kind: 'integer', default: NEVER, min: 1 },
  'flush.ms': { kind: 'integer', default: NEVER, min: 0 },
  'follower.replication.throttled.replicas': { kind: 'list', default: '' },
  'index.interval.bytes': { kind: 'integer', default: '4096', min: 0 },
  'leader.replication.throttled.replicas': { kind: 'list', default: '' },
  'max.compaction.lag.ms': { kind: 'integer', default: NEVER, min: 1 },
  'max.message.bytes': { kind: 'integer', default: '1048588', min: 0 },
  'message.timestamp.after.max.ms': { kind: 'integer', default: NEVER, min: 0 },
  'message.timestamp.before.max.ms': { kind: 'integer', default: NEVER, min: 0 },
  'message.timestamp.type': { kind: ['CreateTime', 'LogAppendTime'], default: 'CreateTime' },
  'min.cleanable.dirty.ratio': { kind: 'ratio', default: '0.5' },
  'min.compaction.lag.ms': { kind: 'integer', default: '0', min: 0 },
  'min.insync.replicas': { kind: 'integer', default: '1', min: 1 },
  preallocate: { kind: 'boolean', default: 'false' },
  'retention.bytes': { kind: 'integer', default: '-1', min: -1 },
  'retention.ms': { kind: 'integer', default: String(7 * DAY_MS), min: -1 },
  'segment.bytes': { kind: 'integer', default: '1073741824', min: 14 },
  'segment.index.bytes': { kind: 'integer', default: '10485760', min: 4 },
  'segment.jitter.ms': { kind: 'integer', default: '0', min: 0 },
  'segment.ms': { kind: 'integer', default: String(7 * DAY_MS), min: 1 },
  'unclean.leader.election.enable': { kind: 'boolean', default: 'false' },
}

/** Names of all topic settings, sorted. */
export const topicConfigNames: readonly string[] = Object.keys(rules).toSorted()

/** Whether the setting is a list, so that append and subtract make sense. */
export function isListConfig(name: string): boolean {
  return name === 'cleanup.policy' || rules[name]?.kind === 'list'
}

/** Kafka's default of a setting, as text. */
export function topicConfigDefault(name: string): string {
  return rules[name]?.default ?? ''
}

/** Checks one setting. @throws ApiError INVALID_CONFIG naming the setting when it is unknown or the value does not fit. */
export function validateTopicConfig(name: string, value: string): void {
  const rule = rules[name]
  if (rule === undefined) {
    throw new ApiError(ErrorCode.INVALID_CONFIG, `Unknown topic config name: ${name}`)
  }
  const { kind } = rule
  const fits =
    kind === 'integer'
      ? /^-?\d+$/.test(value) && Number(value) >= (rule.min ?? Number.MIN_SAFE_INTEGER)
      : kind === 'ratio'
        ? value !== '' && Number(value) >= 0 && Number(value) <= 1
        : kind === 'boolean'
          ? value === 'true' || value === 'false'
          : kind === 'list' || kind === 'text'
            ? true
            : kind.includes(value.replaceAll(' ', ''))
  if (!fits) {
    throw new ApiError(ErrorCode.INVALID_CONFIG, `Invalid value ${value} for configuration ${name}`)
  }
}

/** Decodes the settings a log obeys: the topic's own over the broker's defaults over Kafka's. */
export function resolveLogConfig(
  configs: ReadonlyMap<string, string>,
  brokerDefaults: Readonly<Record<string, string>>,
): LogConfig {
  const text = (name: string): string =>
    configs.get(name) ?? brokerDefaults[name] ?? topicConfigDefault(name)
  const number = (name: string): number => Number(text(name))
  const limit = (name: string): number => (text(name) === NEVER ? Infinity : number(name))
  const policies = text('cleanup.policy')
    .split(',')
    .map((policy) => policy.trim())
  return {
    // File positions in the offset index are 31 bits wide.
    segmentBytes: Math.min(number('segment.bytes'), 0x7fffffff),
    segmentMs: number('segment.ms'),
    segmentIndexBytes: number('segment.index.bytes'),
    indexIntervalBytes: number('index.interval.bytes'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    compact: policies.includes('compact'),
    delete: policies.includes('delete'),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    deleteRetentionMs: number('delete.retention.ms'),
    maxMessageBytes: number('max.message.bytes'),
    logAppendTime: text('message.timestamp.type') === 'LogAppendTime',
    timestampBeforeMaxMs: limit('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: limit('message.timestamp.after.max.ms'),
    // Any limit is kept by the strictest means: a sync per request.
    flushEveryBatch: Number.isFinite(Math.min(limit('flush.messages'), limit('flush.ms'))),
    minInsyncReplicas: number('min.insync.replicas'),
  }
}
