import { InvalidOptionError, VarveError } from '@varve/base'
import type { Admin } from '@varve/kafka'

import type { StoreBuilder } from '../state/store-builder.ts'
import type { SubTopology, Topology } from '../topology/topology.ts'

/** Name of a topic of the topology on the broker: repartition topics get the application's prefix. */
export function topicName(topology: Topology, applicationId: string, topic: string): string {
  return topology.repartitionTopics.has(topic) ? `${applicationId}-${topic}` : topic
}

/** Topic of a store's changelog. */
export function changelogTopic(applicationId: string, store: string): string {
  return `${applicationId}-${store}-changelog`
}

/** Partition counts of a topology on a broker. */
export interface TopologyPartitions {
  /** By topic of the topology, internal ones without prefix. */
  readonly byTopic: ReadonlyMap<string, number>
  /** Tasks of each sub-topology, by its id. */
  readonly taskCounts: readonly number[]
}

/**
 * Decides the partition counts of repartition topics and checks co-partitioning.
 *
 * @param external Counts of the topics that exist already.
 * @throws InvalidOptionError where topics that are joined have different counts.
 */
export function planPartitions(
  topology: Topology,
  external: ReadonlyMap<string, number>,
): TopologyPartitions {
  const counts = new Map(external)
  for (const { name, partitionCount } of topology.repartitionTopics.values()) {
    if (partitionCount !== undefined) counts.set(name, partitionCount)
  }
  const undecided = (): string[] =>
    [...topology.repartitionTopics.keys()].filter((topic) => !counts.has(topic))
  const taskCount = (sub: SubTopology): number | undefined => {
    const known = sub.sourceTopics.map((topic) => counts.get(topic))
    if (known.some((count) => count === undefined)) return undefined
    return Math.max(...(known as number[]))
  }
  for (let left = undecided(); left.length > 0;) {
    for (const topic of left) {
      const group = topology.coPartitionGroups.filter((topics) => topics.includes(topic)).flat()
      const given = group.map((other) => counts.get(other)).find((count) => count !== undefined)
      const writers = topology.subTopologies.filter((sub) => sub.sinkTopics.includes(topic))
      const upstream = writers.map(taskCount)
      if (given !== undefined) counts.set(topic, given)
      else if (upstream.length > 0 && upstream.every((count) => count !== undefined)) {
        counts.set(topic, Math.max(...(upstream as number[])))
      }
    }
    const next = undecided()
    if (next.length === left.length) {
      throw new InvalidOptionError(
        'partitionCount',
        `cannot be derived for the repartition topics ${next.join(', ')}`,
      )
    }
    left = next
  }
  for (const group of topology.coPartitionGroups) {
    const known = group.map((topic) => `${topic} (${counts.get(topic)})`)
    if (new Set(group.map((topic) => counts.get(topic))).size > 1) {
      throw new InvalidOptionError(
        'topics',
        `topics that are joined must have the same number of partitions: ${known.join(', ')}`,
      )
    }
  }
  return { byTopic: counts, taskCounts: topology.subTopologies.map((sub) => taskCount(sub) ?? 0) }
}

/** A topic that an application reads does not exist. */
export class MissingTopicError extends VarveError {
  readonly topic: string

  constructor(topic: string) {
    super('VARVE_NOT_FOUND', `source topic "${topic}" does not exist`)
    this.topic = topic
  }
}

/** An internal topic exists with settings that would lose or mix up data. Nothing is repaired. */
export class InternalTopicError extends VarveError {
  readonly topic: string

  constructor(topic: string, message: string) {
    super('VARVE_KAFKA', `internal topic "${topic}" ${message}`)
    this.topic = topic
  }
}

const dayMs = 86_400_000

/**
 * Changelog records are stamped by the broker. Rows carry their event time themselves, and retention by event time would at once delete
 * what was computed from old records.
 */
function changelogConfigs(store: StoreBuilder): Record<string, string> {
  const windowed =
    store.kind === 'window' || store.kind === 'session' || store.kind === 'join-window'
  return {
    'message.timestamp.type': 'LogAppendTime',
    ...(windowed
      ? { 'cleanup.policy': 'compact,delete', 'retention.ms': String(store.retentionMs + dayMs) }
      : { 'cleanup.policy': 'compact', 'retention.ms': '-1' }),
  }
}

/** Repartitioned records keep their event time, however old or far ahead it is. */
const repartitionConfigs = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'segment.bytes': String(50 * 1024 * 1024),
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.after.max.ms': '9223372036854775807',
}

function policyOf(configs: Readonly<Record<string, string | null>>): string {
  return (configs['cleanup.policy'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .sort()
    .join(',')
}

async function ensureTopic(
  admin: Admin,
  name: string,
  partitionCount: number,
  configs: Readonly<Record<string, string>>,
  replicationFactor: number | undefined,
): Promise<void> {
  let existing = await admin.describeTopic(name)
  if (existing === undefined) {
    try {
      await admin.createTopic({
        name,
        partitionCount,
        configs,
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
      })
      return
    } catch (error) {
      if (!(error instanceof VarveError) || error.code !== 'VARVE_ALREADY_EXISTS') throw error
      existing = await admin.describeTopic(name)
    }
  }
  if (existing !== undefined && existing.partitionCount !== partitionCount) {
    throw new InternalTopicError(
      name,
      `has ${existing.partitionCount} partitions instead of ${partitionCount}`,
    )
  }
  const found = policyOf(await admin.topicConfigs(name))
  const wanted = policyOf(configs)
  if (found !== wanted) {
    throw new InternalTopicError(name, `has the cleanup policy "${found}" instead of "${wanted}"`)
  }
}

/** Looks up external topics, creates internal ones or validates those that exist. @throws MissingTopicError, InternalTopicError */
export async function prepareTopics(
  admin: Admin,
  topology: Topology,
  applicationId: string,
  replicationFactor: number | undefined,
): Promise<TopologyPartitions> {
  const external = new Map<string, number>()
  const lookUp = async (topic: string): Promise<void> => {
    if (topology.repartitionTopics.has(topic) || external.has(topic)) return
    const description = await admin.describeTopic(topic)
    if (description === undefined) throw new MissingTopicError(topic)
    external.set(topic, description.partitionCount)
  }
  for (const sub of topology.subTopologies) {
    for (const topic of sub.sourceTopics) await lookUp(topic)
    // A partitioner of the application's own has to know how many partitions it chooses from.
    for (const sink of sub.sinks) if (sink.partitioner !== undefined) await lookUp(sink.topic)
  }
  const partitions = planPartitions(topology, external)
  for (const topic of topology.repartitionTopics.keys()) {
    await ensureTopic(
      admin,
      topicName(topology, applicationId, topic),
      partitions.byTopic.get(topic)!,
      repartitionConfigs,
      replicationFactor,
    )
  }
  for (const sub of topology.subTopologies) {
    for (const store of sub.stores) {
      if (!store.logging) continue
      await ensureTopic(
        admin,
        changelogTopic(applicationId, store.name),
        partitions.taskCounts[sub.id]!,
        changelogConfigs(store),
        replicationFactor,
      )
    }
  }
  return partitions
}

/** Internal topics of an application, by their names on the broker. */
export function internalTopicsOf(topology: Topology, applicationId: string): string[] {
  const changelogs = [...topology.stores.values()]
    .filter((store) => store.logging)
    .map((store) => changelogTopic(applicationId, store.name))
  const repartitions = [...topology.repartitionTopics.keys()].map((topic) =>
    topicName(topology, applicationId, topic),
  )
  return [...repartitions, ...changelogs]
}
