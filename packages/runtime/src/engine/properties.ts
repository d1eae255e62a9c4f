import type { Logger } from './engine-options.ts'
import { EngineError } from './engine-error.ts'
import type { PropertyValue, Session } from './session.ts'

/** Properties that a session may set and that mean something here. */
const queryProperties: readonly string[] = [
  'auto.offset.reset',
  'cache.max.bytes.buffering',
  'statestore.cache.max.bytes',
  'commit.interval.ms',
  'max.task.idle.ms',
  'processing.guarantee',
  'ksql.fail.on.deserialization.error',
  'ksql.timestamp.throw.on.invalid',
  'ksql.cast.strings.preserve.nulls',
  'ksql.nested.error.set.null',
  'ksql.query.retry.backoff.initial.ms',
  'ksql.query.retry.backoff.max.ms',
  'ksql.query.pull.table.scan.enabled',
  'ksql.query.pull.range.scan.enabled',
  'ksql.query.pull.limit.clause.enabled',
  'ksql.query.pull.stream.enabled',
  'ksql.suppress.enabled',
  'varve.emit.final.complete',
  'ksql.persistence.wrap.single.values',
  'ksql.persistence.default.format.key',
  'ksql.persistence.default.format.value',
  'ksql.sink.partitions',
  'ksql.sink.replicas',
  'ksql.create.or.replace.enabled',
  'ksql.lambdas.enabled',
  'ksql.headers.columns.enabled',
  'ksql.insert.into.values.enabled',
  'ksql.functions.collect_list.limit',
  'ksql.functions.collect_set.limit',
  'ksql.functions.substring.legacy.args',
]

/** Properties that only the server's configuration may set. */
const serverProperties: readonly string[] = [
  'ksql.service.id',
  'ksql.output.topic.name.prefix',
  'ksql.persistent.prefix',
  'ksql.transient.prefix',
  'ksql.internal.topic.replicas',
  'ksql.schema.registry.url',
  'ksql.max.push.queries',
  'ksql.query.persistent.active.limit',
  'ksql.server.command.response.timeout.ms',
  'ksql.query.pull.forwarding.timeout.ms',
  'ksql.variable.substitution.enable',
  'ksql.assert.topic.default.timeout.ms',
  'ksql.assert.schema.default.timeout.ms',
  'ksql.pull.queries.enable',
  'ksql.streams.state.dir',
  'bootstrap.servers',
  'listeners',
]

/** Settings of Kafka Streams, its clients and ksqlDB that are accepted and have no effect here. */
const ignoredPrefixes: readonly string[] = [
  'ksql.streams.',
  'ksql.logging.',
  'ksql.new.query.planner.enabled',
  'ksql.windowed.session.key.legacy',
  'ksql.query.pull.',
  'ksql.query.push.',
  'num.stream.threads',
  'num.standby.replicas',
  'buffered.records.per.partition',
  'task.timeout.ms',
  'topology.optimization',
  'max.poll.records',
  'max.poll.interval.ms',
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'fetch.',
  'metadata.max.age.ms',
  'linger.ms',
  'batch.size',
  'compression.type',
]

const settable = new Set(queryProperties)
const known = new Set([...queryProperties, ...serverProperties])

/** What a property name means to this engine. */
type PropertyKind = 'query' | 'server' | 'ignored' | 'unknown'

/** Classifies a property name; prefixes that ksqlDB allows to leave out may be there or not. */
function classifyProperty(name: string): PropertyKind {
  const bare = name.replace(/^ksql\.streams\.((consumer|producer)\.)?/, '')
  if (settable.has(name) || settable.has(bare)) return 'query'
  if (known.has(name)) return 'server'
  if (ignoredPrefixes.some((prefix) => name.startsWith(prefix))) return 'ignored'
  return 'unknown'
}

/** The properties of one session over the configuration of the engine. */
export class Properties {
  readonly #config: ReadonlyMap<string, PropertyValue>

  constructor(config: Readonly<Record<string, PropertyValue>>, logger: Logger) {
    this.#config = new Map(
      Object.entries(config).map(([name, value]) => [
        name.replace(/^ksql\.streams\.((consumer|producer)\.)?/, ''),
        value,
      ]),
    )
    for (const name of Object.keys(config)) {
      if (classifyProperty(name) === 'unknown') {
        logger.warn(`property "${name}" is not known and has no effect`)
      }
    }
  }

  /** The value that holds in a session; `undefined` when nobody set it. */
  get(name: string, session?: Session): PropertyValue | undefined {
    return session?.properties.get(name) ?? this.#config.get(name)
  }

  /** A number, or the default where it is not set or no number. */
  number(name: string, fallback: number, session?: Session): number {
    const value = this.get(name, session)
    const number = value === undefined ? NaN : Number(value)
    return Number.isNaN(number) ? fallback : number
  }

  /** A flag, or the default where it is not set. */
  flag(name: string, fallback: boolean, session?: Session): boolean {
    const value = this.get(name, session)
    return value === undefined ? fallback : String(value) === 'true'
  }

  /** Everything that is set, session over configuration. */
  all(session?: Session): Record<string, PropertyValue> {
    return Object.fromEntries([...this.#config, ...(session?.properties ?? [])])
  }

  /** Properties of the configuration. */
  get config(): ReadonlyMap<string, PropertyValue> {
    return this.#config
  }

  /** Names that a session may set. */
  get settableNames(): readonly string[] {
    return queryProperties
  }
}

/** @throws EngineError when a session may not set the property */
export function checkSettable(name: string): void {
  const kind = classifyProperty(name)
  if (kind === 'server') {
    throw new EngineError('statement', `Cannot override property '${name}'`)
  }
  if (kind === 'unknown') {
    throw new EngineError(
      'statement',
      `Not recognizable as ksql, streams, consumer, or producer property: '${name}'`,
    )
  }
}
