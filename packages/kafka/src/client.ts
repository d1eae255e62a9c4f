import type { Clock, Random } from '@varve/base'
import type { Transport } from '@varve/kafka-protocol'

/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A record header; keys may repeat. */
export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

/**
 * A record as fetched. `key` and `value` are views on the fetch buffer: whoever keeps one beyond the batch copies it.
 */
export interface ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch; may be negative or absurd, as its producer wrote it. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

/** A record to send. */
export interface ProducerRecord {
  readonly topic: string
  /** Absent: murmur2 of the key as Java does it; for a null key sticky per batch. */
  readonly partition?: number
  /** Bytes that choose the partition in place of the key: a key without its window. */
  readonly partitionKey?: Uint8Array
  readonly timestamp?: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly RecordHeader[]
}

/** Where a sent record came to lie. */
export interface RecordMetadata extends TopicPartition {
  readonly offset: number
  readonly timestamp: number
}

/** Whose transactions a reader sees. */
export type IsolationLevel = 'read_committed' | 'read_uncommitted'

/** Records of one partition from one poll, with what the broker said of the partition. */
export interface FetchedRecords extends TopicPartition {
  readonly records: readonly ConsumerRecord[]
  /** Position after these records: control batches and compacted gaps counted. Also moves when `records` is empty. */
  readonly nextOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
}

export interface ConsumerOptions {
  /** Default `read_committed`. */
  readonly isolationLevel?: IsolationLevel
  /** Upper bound of bytes kept per partition before its fetching pauses. Default 1 MiB. */
  readonly bufferedBytesMax?: number
  /** What a position outside the log does. Default `fail` (OffsetOutOfRangeError from poll). */
  readonly onOutOfRange?: 'fail' | 'earliest' | 'latest'
}

/** Reads partitions assigned by hand. Not a group member: see {@link GroupMember}. */
export interface Consumer extends AsyncDisposable {
  /** Replaces the assignment. Partitions kept keep their position and buffered records. */
  assign(positions: readonly (TopicPartition & { readonly offset: number })[]): void
  seek(partition: TopicPartition, offset: number): void
  /** Next offset that {@link poll} will hand out; `undefined` when not assigned. */
  position(partition: TopicPartition): number | undefined
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /**
   * Buffered records, at most `maxRecords` (default 10,000), fairly over the partitions; waits up to `timeoutMs` for the first.
   * Corruption and lost positions reject here.
   */
  poll(options?: {
    readonly timeoutMs?: number
    readonly maxRecords?: number
    readonly signal?: AbortSignal
  }): Promise<FetchedRecords[]>
  /** Latest known ends without a request; `undefined` before the first fetch answer. */
  knownEnd(partition: TopicPartition): number | undefined
  close(): Promise<void>
}

export interface ProducerOptions {
  /** Makes the producer transactional: {@link Producer.init} fences older holders of the id. */
  readonly transactionalId?: string
  /** Default 10,000. */
  readonly transactionTimeoutMs?: number
  /** Default `none`. */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** Bytes of one batch. Default 1 MiB minus overhead. */
  readonly batchBytesMax?: number
  /** Milliseconds a batch waits for company when nobody calls flush. Default 5. */
  readonly lingerMs?: number
  /** Milliseconds until a record that cannot be delivered fails. Default 120,000. */
  readonly deliveryTimeoutMs?: number
  /** Bytes not yet acknowledged above which {@link Producer.ready} waits. Default 32 MiB. */
  readonly bufferBytesMax?: number
}

/** A group membership at one moment: what fences a commit. */
export interface GroupMetadata {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** An input position to commit, with free text (streams keeps its stream time there). */
export interface OffsetToCommit extends TopicPartition {
  readonly offset: number
  readonly metadata?: string
}

/**
 * Idempotent, optionally transactional producer. Sequences per partition; at most five batches in flight per partition, in order;
 * a hole fails the producer (and aborts its transaction) rather than reorder.
 */
export interface Producer extends AsyncDisposable {
  /** Gets the producer id; for a transactional id also ends the predecessor's transaction and fences it. */
  init(): Promise<void>
  beginTransaction(): void
  /** Buffers the record and returns at once; `key`, `value` and headers are copied. Failures surface in {@link flush} and in the callback. */
  send(
    record: ProducerRecord,
    onAck?: (metadata: RecordMetadata | undefined, error: unknown) => void,
  ): void
  /** Resolves when the unacknowledged bytes are below the bound: back-pressure for callers of {@link send}. */
  ready(): Promise<void>
  /** Resolves when everything sent so far is acknowledged; rejects with the first failure. */
  flush(): Promise<void>
  /**
   * Adds input offsets to the open transaction, fenced by generation.
   *
   * @throws KafkaError 22, 25 or 27 when the generation is over: abort the transaction; the producer can go on with a new membership.
   * @throws FencedError when another process has the instance id (82) or the transactional id (90).
   */
  sendOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata): Promise<void>
  /**
   * Flushes and commits. A transaction without records and offsets sends nothing.
   *
   * @throws TransactionAbortedError when it cannot commit: call {@link Producer.abortTransaction}.
   * @throws FencedError when another took the transactional id: this producer is done.
   * @throws TimeoutError when no answer came: nobody here knows how it ended. {@link Producer.init} ends it one way or the other, the
   * stable committed offsets tell which.
   */
  commitTransaction(): Promise<void>
  /** Drops what was not sent and aborts. Allowed after any failure but fencing. */
  abortTransaction(): Promise<void>
  close(): Promise<void>
}

/** Member of a consumer group: membership only, no fetching. */
export interface GroupMember extends AsyncDisposable {
  /** Joins (and re-joins when the group rebalances) until closed; the listener drives what is owned. */
  start(): Promise<void>
  /** Current membership; `undefined` while not a stable member. */
  metadata(): GroupMetadata | undefined
  /** Asks for a new rebalance. */
  rejoin(reason: string): void
  close(): Promise<void>
}

/** Called by a {@link GroupMember}. The promises are awaited before the protocol goes on, within the rebalance time-out. */
export interface RebalanceListener {
  /** The generation still holds: finish transactions, commit, then let go. */
  onRevoked(partitions: readonly TopicPartition[]): Promise<void>
  /** The membership is gone: no commit is possible any more. */
  onLost(partitions: readonly TopicPartition[]): Promise<void>
  onAssigned(
    partitions: readonly TopicPartition[],
    userData: Uint8Array | null,
    group: GroupMetadata,
  ): Promise<void>
  /** Fatal: fenced instance id, unauthorised, … */
  onError(error: unknown): void
}

/** What the leader of a group decides; pure. */
export interface Assignor {
  readonly name: string
  /** User data this member sends along with its subscription. */
  subscriptionUserData(owned: readonly TopicPartition[]): Uint8Array | null
  assign(
    members: readonly {
      readonly memberId: string
      readonly topics: readonly string[]
      readonly owned: readonly TopicPartition[]
      readonly userData: Uint8Array | null
    }[],
    partitionCounts: ReadonlyMap<string, number>,
  ): ReadonlyMap<
    string,
    { readonly partitions: readonly TopicPartition[]; readonly userData: Uint8Array | null }
  >
}

export interface GroupMemberOptions {
  readonly groupId: string
  readonly groupInstanceId?: string
  readonly topics: readonly string[]
  readonly assignors: readonly Assignor[]
  readonly listener: RebalanceListener
  /** Default 10,000. */
  readonly sessionTimeoutMs?: number
  /** Default 60,000. */
  readonly rebalanceTimeoutMs?: number
  /** Default 3,000. */
  readonly heartbeatIntervalMs?: number
  /** Tell the group on close. Default: true without `groupInstanceId`, false with one, so that a restart costs no rebalance. */
  readonly leaveOnClose?: boolean
}

export interface TopicDescription {
  readonly name: string
  readonly partitionCount: number
  readonly replicationFactor: number
  readonly isInternal: boolean
}

/** Topics, offsets, groups. Each call retries what is worth retrying within its deadline. */
export interface Admin {
  /** @throws VarveError `VARVE_ALREADY_EXISTS` carrying the topic when it exists. */
  createTopic(topic: {
    readonly name: string
    readonly partitionCount: number
    readonly replicationFactor?: number
    readonly configs?: Readonly<Record<string, string>>
  }): Promise<void>
  deleteTopic(name: string): Promise<void>
  listTopics(): Promise<TopicDescription[]>
  /** `undefined` when there is no such topic. */
  describeTopic(name: string): Promise<TopicDescription | undefined>
  topicConfigs(name: string): Promise<Record<string, string | null>>
  /** High watermark, or last stable offset when read committed is asked for. */
  endOffsets(
    partitions: readonly TopicPartition[],
    isolation?: IsolationLevel,
  ): Promise<(TopicPartition & { readonly offset: number })[]>
  startOffsets(
    partitions: readonly TopicPartition[],
  ): Promise<(TopicPartition & { readonly offset: number })[]>
  /** First offset at or after the time; `undefined` where none. */
  offsetsForTime(
    partitions: readonly (TopicPartition & { readonly timestamp: number })[],
  ): Promise<(TopicPartition & { readonly offset: number | undefined })[]>
  /** Stable committed offsets (waits out open transactions); partitions without one are absent. */
  committedOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<OffsetToCommit[]>
  /** Plain commit, outside a transaction. Without `group.memberId` (empty) the group must be empty. */
  commitOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata): Promise<void>
  deleteRecords(upTo: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>
  listGroups(): Promise<string[]>
  deleteGroup(groupId: string): Promise<void>
}

/** The client. Everything above the wire goes through it, whatever the transport. */
export interface Kafka extends AsyncDisposable {
  consumer(options?: ConsumerOptions): Consumer
  producer(options?: ProducerOptions): Producer
  groupMember(options: GroupMemberOptions): GroupMember
  readonly admin: Admin
  close(): Promise<void>
}

/** What {@link createKafka} takes. */
export interface KafkaOptions {
  readonly transport: Transport
  /** Name sent with requests. Default `varve`. */
  readonly clientId?: string
  /** Milliseconds within which one call gives up when the broker cannot be reached. Default 60,000. */
  readonly requestDeadlineMs?: number
  readonly clock?: Clock
  readonly random?: Random
}
