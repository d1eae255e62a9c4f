import { ErrorCode } from '@varve/kafka-protocol'

import type {
  Admin,
  GroupMetadata,
  IsolationLevel,
  OffsetToCommit,
  TopicDescription,
  TopicPartition,
} from '../client.ts'
import { byTopic } from '../cluster/by-topic.ts'
import { checkError, type Cluster } from '../cluster/cluster.ts'
import { END_TIMESTAMP, listOffsets, START_TIMESTAMP } from '../cluster/list-offsets.ts'
import { KafkaError, TopicExistsError } from '../errors.ts'

const TOPIC_RESOURCE = 2
const BROKER_TIMEOUT_MS = 30_000

/** The {@link Admin} over a {@link Cluster}. */
export class KafkaAdmin implements Admin {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async createTopic(topic: {
    readonly name: string
    readonly partitionCount: number
    readonly replicationFactor?: number
    readonly configs?: Readonly<Record<string, string>>
  }): Promise<void> {
    const { name, partitionCount } = topic
    let mayBeOurs = false
    const deadline = this.#cluster.deadline()
    try {
      await this.#cluster.callAny(
        `creation of topic "${name}"`,
        { kind: 'controller' },
        'CreateTopics',
        {
          topics: [
            {
              name,
              partitionCount,
              replicationFactor: topic.replicationFactor ?? -1,
              configs: Object.entries(topic.configs ?? {}).map(([key, value]) => ({
                name: key,
                value,
              })),
            },
          ],
          timeoutMs: BROKER_TIMEOUT_MS,
          validateOnly: false,
        },
        (response) => {
          for (const { errorCode, errorMessage } of response.topics) {
            checkError(errorCode, `creation of topic "${name}"`, {
              topic: name,
              brokerMessage: errorMessage,
            })
          }
        },
        {
          deadline,
          onRetry: (error) => {
            mayBeOurs ||= !(error instanceof KafkaError)
          },
        },
      )
    } catch (error) {
      if (!(error instanceof KafkaError && error.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS)) {
        throw error
      }
      // After a lost answer it may be our own: then the count tells.
      const known = mayBeOurs ? await this.describeTopic(name) : undefined
      if (known === undefined || known.partitionCount !== partitionCount) {
        throw new TopicExistsError(name, { cause: error })
      }
    }
    // A new topic is known to its nodes only a little later.
    this.#cluster.forgetTopic(name)
    for (let partition = 0; partition < Math.max(partitionCount, 1); partition++) {
      await this.#cluster.leader(name, partition, { deadline })
    }
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#cluster.callAny(
      `deletion of topic "${name}"`,
      { kind: 'controller' },
      'DeleteTopics',
      { topicNames: [name], timeoutMs: BROKER_TIMEOUT_MS },
      (response) => {
        for (const { errorCode } of response.topics) {
          // Gone is what was asked for: each step of a deletion can be repeated.
          if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) continue
          checkError(errorCode, `deletion of topic "${name}"`, { topic: name })
        }
      },
    )
    this.#cluster.forgetTopic(name)
  }

  async listTopics(): Promise<TopicDescription[]> {
    const response = await this.#cluster.callAny(
      'list of topics',
      { kind: 'any' },
      'Metadata',
      { topics: null, allowAutoTopicCreation: false },
      () => undefined,
    )
    return response.topics
      .filter((topic) => topic.errorCode === ErrorCode.NONE)
      .map((topic) => ({
        name: topic.name,
        partitionCount: topic.partitions.length,
        replicationFactor: topic.partitions[0]?.replicas.length ?? 0,
        isInternal: topic.isInternal,
      }))
  }

  async describeTopic(name: string): Promise<TopicDescription | undefined> {
    const response = await this.#cluster.callAny(
      `description of topic "${name}"`,
      { kind: 'any' },
      'Metadata',
      { topics: [name], allowAutoTopicCreation: false },
      (answer) => {
        const errorCode = answer.topics[0]?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        if (errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
          checkError(errorCode, `description of topic "${name}"`, { topic: name })
        }
      },
    )
    const topic = response.topics[0]
    if (topic === undefined || topic.errorCode !== ErrorCode.NONE) return undefined
    return {
      name,
      partitionCount: topic.partitions.length,
      replicationFactor: topic.partitions[0]?.replicas.length ?? 0,
      isInternal: topic.isInternal,
    }
  }

  async topicConfigs(name: string): Promise<Record<string, string | null>> {
    const response = await this.#cluster.callAny(
      `settings of topic "${name}"`,
      { kind: 'any' },
      'DescribeConfigs',
      {
        resources: [{ resourceType: TOPIC_RESOURCE, resourceName: name, configNames: null }],
      },
      (answer) => {
        for (const { errorCode, errorMessage } of answer.results) {
          checkError(errorCode, `settings of topic "${name}"`, {
            topic: name,
            brokerMessage: errorMessage,
          })
        }
      },
    )
    const configs = response.results[0]?.configs ?? []
    return Object.fromEntries(configs.map((config) => [config.name, config.value]))
  }

  async endOffsets(
    partitions: readonly TopicPartition[],
    isolation: IsolationLevel = 'read_uncommitted',
  ): Promise<(TopicPartition & { readonly offset: number })[]> {
    return listOffsets(
      this.#cluster,
      partitions.map((p) => ({ ...pick(p), timestamp: END_TIMESTAMP })),
      isolation === 'read_committed' ? 1 : 0,
    )
  }

  async startOffsets(
    partitions: readonly TopicPartition[],
  ): Promise<(TopicPartition & { readonly offset: number })[]> {
    return listOffsets(
      this.#cluster,
      partitions.map((p) => ({ ...pick(p), timestamp: START_TIMESTAMP })),
      0,
    )
  }

  async offsetsForTime(
    partitions: readonly (TopicPartition & { readonly timestamp: number })[],
  ): Promise<(TopicPartition & { readonly offset: number | undefined })[]> {
    const found = await listOffsets(this.#cluster, partitions, 0)
    return found.map((p) => ({ ...p, offset: p.offset < 0 ? undefined : p.offset }))
  }

  async committedOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<OffsetToCommit[]> {
    const what = `committed offsets of group "${groupId}"`
    const response = await this.#cluster.callCoordinator(
      what,
      { kind: 'group', key: groupId },
      'OffsetFetch',
      { groupId, topics: byTopic(partitions, (p) => p.partition), requireStable: true },
      (answer) => {
        checkError(answer.errorCode, what, { group: groupId })
        for (const topic of answer.topics) {
          for (const { partition, errorCode } of topic.partitions) {
            checkError(errorCode, what, { group: groupId, topic: topic.topic, partition })
          }
        }
      },
    )
    return response.topics.flatMap(({ topic, partitions: answers }) =>
      answers
        .filter((answer) => answer.offset >= 0)
        .map(({ partition, offset, metadata }) => ({
          topic,
          partition,
          offset,
          metadata: metadata ?? '',
        })),
    )
  }

  async commitOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata): Promise<void> {
    if (offsets.length === 0) return
    const what = `commit of offsets of group "${group.groupId}"`
    await this.#cluster.callCoordinator(
      what,
      { kind: 'group', key: group.groupId },
      'OffsetCommit',
      {
        ...group,
        topics: byTopic(offsets, (o) => ({
          partition: o.partition,
          offset: o.offset,
          leaderEpoch: -1,
          metadata: o.metadata ?? '',
        })),
      },
      (answer) => {
        for (const topic of answer.topics) {
          for (const { partition, errorCode } of topic.partitions) {
            checkError(errorCode, what, { group: group.groupId, topic: topic.topic, partition })
          }
        }
      },
    )
  }

  async deleteRecords(
    upTo: readonly (TopicPartition & { readonly offset: number })[],
  ): Promise<void> {
    for (const { topic, partition, offset } of upTo) {
      const what = `deletion of records of ${topic}-${partition}`
      await this.#cluster.retry(
        what,
        'DeleteRecords',
        async (remainingMs) => {
          const nodeId = await this.#cluster.leader(topic, partition)
          const response = await this.#cluster.sendOnce(
            { kind: 'node', nodeId },
            'DeleteRecords',
            {
              topics: [{ topic, partitions: [{ partition, offset }] }],
              timeoutMs: BROKER_TIMEOUT_MS,
            },
            { timeoutMs: remainingMs },
          )
          for (const answer of response.topics) {
            for (const { errorCode } of answer.partitions) {
              checkError(errorCode, what, { topic, partition })
            }
          }
        },
        { onRetry: () => this.#cluster.forgetTopic(topic) },
      )
    }
  }

  async listGroups(): Promise<string[]> {
    // Each node lists the groups that it coordinates.
    const { brokers } = await this.#cluster.callAny(
      'list of nodes',
      { kind: 'any' },
      'Metadata',
      { topics: [], allowAutoTopicCreation: false },
      () => undefined,
    )
    const groups = new Set<string>()
    for (const { nodeId } of brokers) {
      const response = await this.#cluster.callAny(
        `groups of node ${nodeId}`,
        { kind: 'node', nodeId },
        'ListGroups',
        { statesFilter: [] },
        (answer) => checkError(answer.errorCode, `groups of node ${nodeId}`),
      )
      for (const { groupId } of response.groups) groups.add(groupId)
    }
    return [...groups].sort()
  }

  async deleteGroup(groupId: string): Promise<void> {
    const what = `deletion of group "${groupId}"`
    await this.#cluster.callCoordinator(
      what,
      { kind: 'group', key: groupId },
      'DeleteGroups',
      { groupIds: [groupId] },
      (answer) => {
        for (const { errorCode } of answer.results) {
          if (errorCode === ErrorCode.GROUP_ID_NOT_FOUND) continue
          checkError(errorCode, what, { group: groupId })
        }
      },
    )
  }
}

function pick({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}
