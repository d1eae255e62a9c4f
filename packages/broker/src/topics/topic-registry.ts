import { join } from 'node:path'

import type { Random } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { ResolvedDefaults } from '../broker-options.ts'
import { formatPartitionMetadata } from '../log/checkpoint-file.ts'
import type { LogEnvironment } from '../log/log-environment.ts'
import { partitionDirectoryName, parsePartitionDirectoryName } from '../log/log-files.ts'
import { openLog, type RecoveredCut } from '../log/log-loader.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { writeSmallFile } from '../log/segment.ts'
import { SerialQueue } from '../serial-queue.ts'
import { resolveLogConfig, validateTopicConfig } from './topic-config.ts'
import { isInternalTopic, validateTopicName } from './topic-name.ts'
import { TopicStore, type StoredTopic } from './topic-store.ts'

/** A topic with its open logs. */
export interface Topic {
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  /** Log of partition i at index i. */
  readonly partitions: PartitionLog[]
  readonly configs: Map<string, string>
}

/** A topic to make. */
export interface NewTopic {
  readonly name: string
  readonly partitionCount: number
  readonly configs: ReadonlyMap<string, string>
}

/** Offsets from the checkpoint files, by `<topic>-<partition>`. */
export interface LogCheckpoints {
  readonly cleanShutdown: boolean
  readonly recoveryPoints: ReadonlyMap<string, number>
  readonly logStarts: ReadonlyMap<string, number>
  readonly cleanOffsets: ReadonlyMap<string, number>
}

const noCheckpoints: LogCheckpoints = {
  cleanShutdown: true,
  recoveryPoints: new Map(),
  logStarts: new Map(),
  cleanOffsets: new Map(),
}

/** Coordinators' topics: the newest record of each key is all that is needed. */
const internalTopicConfigs: ReadonlyMap<string, string> = new Map([
  ['cleanup.policy', 'compact'],
  ['compression.type', 'producer'],
  ['segment.bytes', '16777216'],
])

const PARTITIONS_MAX = 10_000
const CLOSES_AT_ONCE = 8

/** The broker's topics: their names, settings and logs, in memory and on disk. Changes run one after the other. */
export class TopicRegistry {
  readonly #topics = new Map<string, Topic>()
  readonly #environment: LogEnvironment
  readonly #directory: string
  readonly #defaults: ResolvedDefaults
  readonly #random: Random
  readonly #store: TopicStore
  readonly #changes = new SerialQueue()

  constructor(
    environment: LogEnvironment,
    directory: string,
    defaults: ResolvedDefaults,
    random: Random,
  ) {
    this.#environment = environment
    this.#directory = directory
    this.#defaults = defaults
    this.#random = random
    this.#store = new TopicStore(environment.fileSystem, directory)
  }

  get defaults(): ResolvedDefaults {
    return this.#defaults
  }

  all(): IterableIterator<Topic> {
    return this.#topics.values()
  }

  /** Every open log. */
  *logs(): Generator<PartitionLog> {
    for (const topic of this.#topics.values()) yield* topic.partitions
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  log(topic: string, partition: number): PartitionLog | undefined {
    return this.#topics.get(topic)?.partitions[partition]
  }

  /** The log, or a refusal. @throws ApiError UNKNOWN_TOPIC_OR_PARTITION. */
  requireLog(topic: string, partition: number): PartitionLog {
    const log = this.log(topic, partition)
    if (log === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return log
  }

  /** Opens what is on disk; recovers logs where the broker did not close in good order. */
  async load(checkpoints: LogCheckpoints, onCut: (cut: RecoveredCut) => void): Promise<void> {
    const stored = (await this.#store.load()) ?? []
    await this.#setAside(stored)
    for (const topic of stored) {
      const configs = new Map(Object.entries(topic.configs))
      const partitions: PartitionLog[] = []
      for (let partition = 0; partition < topic.partitionCount; partition++) {
        partitions.push(
          await this.#openLog(topic.name, partition, topic.topicId, configs, checkpoints, onCut),
        )
      }
      this.#topics.set(topic.name, {
        name: topic.name,
        topicId: topic.topicId,
        isInternal: isInternalTopic(topic.name),
        partitions,
        configs,
      })
    }
  }

  /** Makes a topic. @throws ApiError when it exists or a name, count or setting is wrong. */
  create(spec: NewTopic): Promise<Topic> {
    return this.#changes.run(async () => {
      this.validateNew(spec)
      const topicId = this.#random.uuid()
      const configs = new Map(spec.configs)
      const partitions: PartitionLog[] = []
      for (let i = 0; i < spec.partitionCount; i++) {
        partitions.push(await this.#createLog(spec.name, i, topicId, configs))
      }
      const topic: Topic = {
        name: spec.name,
        topicId,
        isInternal: isInternalTopic(spec.name),
        partitions,
        configs,
      }
      await this.#save([...this.#topics.values(), topic])
      this.#topics.set(spec.name, topic)
      return topic
    })
  }

  /** Log of partition 0 of a topic of the broker's own, made when missing. */
  async createInternal(name: string): Promise<PartitionLog> {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      try {
        topic = await this.create({ name, partitionCount: 1, configs: internalTopicConfigs })
      } catch (error) {
        // Two requests may want it at once.
        topic = this.#topics.get(name)
        if (topic === undefined) throw error
      }
    }
    return topic.partitions[0]!
  }

  /** Checks a topic to make. @throws ApiError. */
  validateNew(spec: NewTopic): void {
    validateTopicName(spec.name)
    if (this.#topics.has(spec.name)) {
      throw new ApiError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${spec.name}' already exists.`)
    }
    requirePartitionCount(spec.partitionCount)
    for (const [name, value] of spec.configs) validateTopicConfig(name, value)
  }

  /** Deletes a topic with its data. @throws ApiError UNKNOWN_TOPIC_OR_PARTITION. */
  delete(name: string): Promise<void> {
    return this.#changes.run(async () => {
      const topic = this.#topics.get(name)
      if (topic === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      if (topic.isInternal) {
        throw new ApiError(ErrorCode.INVALID_REQUEST, `topic "${name}" belongs to the broker`)
      }
      await this.#save([...this.#topics.values()].filter((other) => other !== topic))
      this.#topics.delete(name)
      for (const log of topic.partitions) {
        log.discard()
        const doomed = `${log.directory}.${this.#random.uuid().replaceAll('-', '')}-delete`
        await this.#environment.fileSystem.rename(log.directory, doomed)
        await this.#environment.fileSystem.removeTree(doomed)
      }
    })
  }

  /** Raises the partition count. @throws ApiError INVALID_PARTITIONS when it would not grow. */
  addPartitions(name: string, count: number, validateOnly: boolean): Promise<void> {
    return this.#changes.run(async () => {
      const topic = this.#topics.get(name)
      if (topic === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      requirePartitionCount(count)
      if (count <= topic.partitions.length) {
        throw new ApiError(
          ErrorCode.INVALID_PARTITIONS,
          `Topic currently has ${topic.partitions.length} partitions, which is not below the requested ${count}.`,
        )
      }
      if (validateOnly) return
      const added: PartitionLog[] = []
      for (let i = topic.partitions.length; i < count; i++) {
        added.push(await this.#createLog(name, i, topic.topicId, topic.configs))
      }
      const grown = { ...topic, partitions: [...topic.partitions, ...added] }
      await this.#save([...this.#topics.values()].map((other) => (other === topic ? grown : other)))
      topic.partitions.push(...added)
    })
  }

  /** Replaces a topic's settings; `change` gets a copy to work on. */
  alterConfigs(
    name: string,
    change: (configs: Map<string, string>) => void,
    validateOnly: boolean,
  ): Promise<void> {
    return this.#changes.run(async () => {
      const topic = this.#topics.get(name)
      if (topic === undefined) throw new ApiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      const configs = new Map(topic.configs)
      change(configs)
      for (const [key, value] of configs) validateTopicConfig(key, value)
      if (validateOnly) return
      const changed = { ...topic, configs }
      await this.#save(
        [...this.#topics.values()].map((other) => (other === topic ? changed : other)),
      )
      topic.configs.clear()
      for (const [key, value] of configs) topic.configs.set(key, value)
      const config = resolveLogConfig(configs, this.#defaults.topicConfigs)
      for (const log of topic.partitions) log.config = config
    })
  }

  /** Waits for changes under way, then closes every log. Answers the failures. */
  close(): Promise<unknown[]> {
    return this.#changes.run(async () => {
      const failures: unknown[] = []
      const left = this.logs()
      const closeNext = async (): Promise<void> => {
        for (const log of left) {
          try {
            await log.close()
          } catch (error) {
            failures.push(error)
          }
        }
      }
      // Each takes the next from the same iterator: syncs of several logs overlap.
      await Promise.all(Array.from({ length: CLOSES_AT_ONCE }, closeNext))
      return failures
    })
  }

  async #save(topics: readonly Topic[]): Promise<void> {
    const stored = topics.map((topic): StoredTopic => ({
      name: topic.name,
      topicId: topic.topicId,
      partitionCount: topic.partitions.length,
      configs: Object.fromEntries(topic.configs),
    }))
    await this.#store.save(stored)
  }

  async #createLog(
    topic: string,
    partition: number,
    topicId: string,
    configs: ReadonlyMap<string, string>,
  ): Promise<PartitionLog> {
    const { fileSystem } = this.#environment
    const directory = this.#partitionDirectory(topic, partition)
    // What lies here belongs to no topic (the list of topics is the truth): a creation that a crash cut short.
    if (await fileSystem.exists(directory)) await fileSystem.removeTree(directory)
    return this.#openLog(topic, partition, topicId, configs, noCheckpoints, () => undefined)
  }

  async #openLog(
    topic: string,
    partition: number,
    topicId: string,
    configs: ReadonlyMap<string, string>,
    checkpoints: LogCheckpoints,
    onCut: (cut: RecoveredCut) => void,
  ): Promise<PartitionLog> {
    const { fileSystem } = this.#environment
    const directory = this.#partitionDirectory(topic, partition)
    await fileSystem.mkdir(directory)
    const metadata = join(directory, 'partition.metadata')
    if (!(await fileSystem.exists(metadata))) {
      const text = formatPartitionMetadata(topicId)
      writeSmallFile(fileSystem, metadata, new TextEncoder().encode(text))
    }
    const key = partitionDirectoryName(topic, partition)
    const log = await openLog(
      {
        topic,
        partition,
        directory,
        config: resolveLogConfig(configs, this.#defaults.topicConfigs),
        cleanShutdown: checkpoints.cleanShutdown,
        recoveryPoint: checkpoints.recoveryPoints.get(key) ?? 0,
        logStartOffset: checkpoints.logStarts.get(key) ?? 0,
      },
      this.#environment,
      onCut,
    )
    log.cleanOffset = checkpoints.cleanOffsets.get(key) ?? 0
    return log
  }

  #partitionDirectory(topic: string, partition: number): string {
    return join(this.#directory, partitionDirectoryName(topic, partition))
  }

  /** Removes what a deletion left; renames partition directories that belong to no topic, as Kafka does, so that nothing unknown is lost. */
  async #setAside(stored: readonly StoredTopic[]): Promise<void> {
    const { fileSystem } = this.#environment
    const counts = new Map(stored.map((topic) => [topic.name, topic.partitionCount]))
    for (const name of await fileSystem.list(this.#directory)) {
      if (name.endsWith('-delete')) {
        await fileSystem.removeTree(join(this.#directory, name))
        continue
      }
      const parsed = parsePartitionDirectoryName(name)
      if (parsed === undefined) continue
      const path = join(this.#directory, name)
      if (!(await fileSystem.stat(path)).isDirectory) continue
      if (parsed.partition < (counts.get(parsed.topic) ?? 0)) continue
      await fileSystem.rename(path, `${path}.${this.#random.uuid().replaceAll('-', '')}-stray`)
    }
  }
}

function requirePartitionCount(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > PARTITIONS_MAX) {
    throw new ApiError(
      ErrorCode.INVALID_PARTITIONS,
      `the number of partitions must be between 1 and ${PARTITIONS_MAX}`,
    )
  }
}
