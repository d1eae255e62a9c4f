import type { Random } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import type { ResolvedDefaults } from '../broker-options.ts'
import {
  appendRecords,
  replayRecords,
  type CoordinatorRecord,
  type TransactionalWriter,
} from '../coordinator/internal-topic.ts'
import type { LogEnvironment } from '../log/log-environment.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { TopicRegistry } from '../topics/topic-registry.ts'
import { OFFSETS_TOPIC } from '../topics/topic-name.ts'
import {
  decodeGroup,
  decodeGroupKey,
  decodeOffset,
  encodeGroup,
  encodeGroupKey,
  encodeOffset,
  tombstone,
  type CommittedOffset,
} from './group-record.ts'
import { Group } from './group.ts'

/** An offset to commit. */
export interface OffsetToStore {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** What the coordinator needs from around it. */
export interface GroupCoordinatorEnvironment {
  readonly log: LogEnvironment
  readonly topics: TopicRegistry
  readonly random: Random
  readonly defaults: ResolvedDefaults
}

/** Groups at most: what outside requests can fill has a bound. */
const GROUPS_MAX = 100_000

/** The group coordinator: all groups, their committed offsets, and `__consumer_offsets` where both survive a restart. */
export class GroupCoordinator {
  readonly #environment: GroupCoordinatorEnvironment
  readonly #groups = new Map<string, Group>()

  constructor(environment: GroupCoordinatorEnvironment) {
    this.#environment = environment
  }

  /** Reads groups and offsets back. */
  load(): void {
    const log = this.#environment.topics.log(OFFSETS_TOPIC, 0)
    if (log === undefined) return
    replayRecords(log, {
      record: ({ key, value }, header) => {
        if (key === null) return
        const decoded = decodeGroupKey(key)
        if (decoded.kind === 'group') {
          if (value === null) this.#groups.delete(decoded.groupId)
          else this.#makeGroup(decoded.groupId).restore(decodeGroup(value))
          return
        }
        const { offsets } = this.#makeGroup(decoded.groupId)
        const { topic, partition } = decoded
        if (value === null) offsets.delete(topic, partition)
        else if (header.isTransactional) {
          offsets.setPending(header.producerId, topic, partition, decodeOffset(value))
        } else offsets.set(topic, partition, decodeOffset(value))
      },
      marker: (producerId, committed) => this.endTransaction(producerId, committed),
    })
    for (const group of this.#groups.values()) group.startSessions()
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  all(): IterableIterator<Group> {
    return this.#groups.values()
  }

  /** The group, made when missing; its topic too. @throws ApiError INVALID_GROUP_ID or COORDINATOR_NOT_AVAILABLE. */
  async open(groupId: string): Promise<Group> {
    if (groupId === '') throw new ApiError(ErrorCode.INVALID_GROUP_ID)
    const known = this.#groups.get(groupId)
    if (known !== undefined) return known
    if (this.#groups.size >= GROUPS_MAX) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    await this.#openLog()
    return this.#makeGroup(groupId)
  }

  /**
   * Commits offsets: at once, or for `writer`'s transaction when its marker comes.
   *
   * @throws ApiError KAFKA_STORAGE_ERROR when the log takes no appends.
   */
  async commit(
    group: Group,
    offsets: readonly OffsetToStore[],
    writer?: TransactionalWriter,
  ): Promise<void> {
    if (offsets.length === 0) return
    const log = this.#environment.topics.log(OFFSETS_TOPIC, 0) ?? (await this.#openLog())
    const committedMs = this.#environment.log.clock.now()
    const stored = offsets.map((offset): [OffsetToStore, CommittedOffset] => [
      offset,
      {
        offset: offset.offset,
        leaderEpoch: offset.leaderEpoch,
        metadata: offset.metadata ?? '',
        committedMs,
      },
    ])
    const records = stored.map(([{ topic, partition }, committed]): CoordinatorRecord => ({
      key: encodeGroupKey({ kind: 'offset', groupId: group.groupId, topic, partition }),
      value: encodeOffset(committed),
    }))
    appendRecords(log, records, committedMs, writer)
    for (const [{ topic, partition }, committed] of stored) {
      if (writer === undefined) group.offsets.set(topic, partition, committed)
      else group.offsets.setPending(writer.producerId, topic, partition, committed)
    }
    await this.#durable(log)
  }

  /** The marker of a transaction is in the log of offsets: what it committed takes effect. */
  endTransaction(producerId: number, committed: boolean): void {
    for (const group of this.#groups.values()) group.offsets.endTransaction(producerId, committed)
  }

  /** Deletes an empty group with its offsets. @throws ApiError GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP. */
  async delete(groupId: string): Promise<void> {
    const group = this.#groups.get(groupId)
    if (group === undefined) throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND)
    if (!group.isVacant || group.state !== 'Empty' || group.offsets.hasPending) {
      throw new ApiError(ErrorCode.NON_EMPTY_GROUP)
    }
    const log = await this.#openLog()
    const records = Array.from(group.offsets.all(), ({ topic, partition }) =>
      tombstone({ kind: 'offset', groupId, topic, partition }),
    )
    records.push(tombstone({ kind: 'group', groupId }))
    appendRecords(log, records, this.#environment.log.clock.now())
    this.#groups.delete(groupId)
    group.end(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    await this.#durable(log)
  }

  /** Drops committed offsets of a deleted topic. */
  forgetTopic(topic: string): void {
    const log = this.#environment.topics.log(OFFSETS_TOPIC, 0)
    if (log === undefined) return
    for (const group of this.#groups.values()) {
      const gone = Array.from(group.offsets.all()).filter((located) => located.topic === topic)
      this.#dropOffsets(log, group, gone)
    }
  }

  /** Forgets offsets of empty groups that nobody committed for longer than the retention, and groups with nothing left. */
  tick(): void {
    const { offsetsRetentionMs } = this.#environment.defaults
    const log = this.#environment.topics.log(OFFSETS_TOPIC, 0)
    if (log === undefined || offsetsRetentionMs < 0) return
    const { clock, onBackgroundError } = this.#environment.log
    const before = clock.now() - offsetsRetentionMs
    for (const group of this.#groups.values()) {
      if (group.state !== 'Empty' || !group.isVacant) continue
      const since = group.protocolType === '' ? -1 : group.stateMs
      const expired = Array.from(group.offsets.all()).filter(
        ({ committed }) => Math.max(committed.committedMs, since) < before,
      )
      try {
        this.#dropOffsets(log, group, expired)
        if (!group.offsets.isEmpty || group.stateMs >= before) continue
        const key = { kind: 'group', groupId: group.groupId } as const
        appendRecords(log, [tombstone(key)], clock.now())
        this.#groups.delete(group.groupId)
        group.end(ErrorCode.COORDINATOR_NOT_AVAILABLE)
      } catch (error) {
        onBackgroundError(error)
      }
    }
  }

  /** Tells waiting members that the coordinator goes away. */
  close(): void {
    for (const group of this.#groups.values()) group.end(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    this.#groups.clear()
  }

  #dropOffsets(
    log: PartitionLog,
    group: Group,
    offsets: readonly { readonly topic: string; readonly partition: number }[],
  ): void {
    const { groupId } = group
    const records = offsets.map(({ topic, partition }) =>
      tombstone({ kind: 'offset', groupId, topic, partition }),
    )
    appendRecords(log, records, this.#environment.log.clock.now())
    for (const { topic, partition } of offsets) group.offsets.delete(topic, partition)
  }

  #makeGroup(groupId: string): Group {
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      const { log, random, defaults } = this.#environment
      group = new Group(groupId, {
        clock: log.clock,
        random,
        initialRebalanceDelayMs: defaults.groupInitialRebalanceDelayMs,
        store: (changed) => this.#storeGroup(changed),
        onBackgroundError: log.onBackgroundError,
      })
      this.#groups.set(groupId, group)
    }
    return group
  }

  #storeGroup(group: Group): void {
    const log = this.#environment.topics.log(OFFSETS_TOPIC, 0)
    if (log === undefined) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    const record = {
      key: encodeGroupKey({ kind: 'group', groupId: group.groupId }),
      value: encodeGroup(group.stored()),
    }
    appendRecords(log, [record], this.#environment.log.clock.now())
  }

  async #openLog(): Promise<PartitionLog> {
    const { topics } = this.#environment
    return topics.log(OFFSETS_TOPIC, 0) ?? (await topics.createInternal(OFFSETS_TOPIC))
  }

  async #durable(log: PartitionLog): Promise<void> {
    if (this.#environment.log.flush === 'every-batch') await log.flush()
  }
}
