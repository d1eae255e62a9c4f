import type { PropertyValue } from '../engine/session.ts'

/** Settings of a streams application that properties choose. Names are ksqlDB's and Kafka Streams' own. */
export interface ApplicationSettings {
  readonly processingGuarantee: 'exactly_once' | 'at_least_once'
  readonly commitIntervalMs?: number
  readonly cacheBytesMax?: number
  readonly taskIdleMsMax?: number
  readonly replicationFactor?: number
  /** 0: closed windows are looked for at each record, so that results depend on records alone and not on the wall clock. */
  readonly emitIntervalMs: 0
}

/** Reads the settings; what is not set stays at the default of the application. */
export function applicationSettings(
  property: (name: string) => PropertyValue | undefined,
): ApplicationSettings {
  const number = (name: string): number | undefined => {
    const value = property(name)
    const parsed = value === undefined ? undefined : Number(value)
    return parsed === undefined || Number.isNaN(parsed) ? undefined : parsed
  }
  const optional = <K extends string>(key: K, value: number | undefined): { [P in K]?: number } =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: number }
  return {
    emitIntervalMs: 0,
    processingGuarantee:
      property('processing.guarantee') === 'at_least_once' ? 'at_least_once' : 'exactly_once',
    ...optional('commitIntervalMs', number('commit.interval.ms')),
    ...optional(
      'cacheBytesMax',
      number('cache.max.bytes.buffering') ?? number('statestore.cache.max.bytes'),
    ),
    ...optional('taskIdleMsMax', number('max.task.idle.ms')),
    ...optional('replicationFactor', number('ksql.internal.topic.replicas')),
  }
}
