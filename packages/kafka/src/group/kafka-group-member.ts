import { AbortedError, assert, InvalidOptionError, TimeoutError, type Timer } from '@varve/base'
import {
  CONSUMER_PROTOCOL_TYPE,
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
  ErrorCode,
  type ConsumerAssignment,
  type JoinGroupResponse,
} from '@varve/kafka-protocol'

import type {
  Assignor,
  GroupMember,
  GroupMemberOptions,
  GroupMetadata,
  TopicPartition,
} from '../client.ts'
import { byTopic } from '../cluster/by-topic.ts'
import { checkError, type Cluster } from '../cluster/cluster.ts'
import { FencedError, KafkaError } from '../errors.ts'
import {
  nextMembershipState,
  type MembershipEvent,
  type MembershipState,
} from './membership-state.ts'

/** How a generation ended. */
type Ending =
  | { readonly kind: 'rebalance'; readonly reason: string }
  | { readonly kind: 'lost'; readonly error: unknown; readonly keepMemberId: boolean }
  | { readonly kind: 'fatal'; readonly error: unknown }
  | { readonly kind: 'closed' }

/** How often the leader of a group looks whether its topics grew. */
const TOPIC_CHECK_MS = 30_000

/** The {@link GroupMember} over a {@link Cluster}: the classic protocol, eager. */
export class KafkaGroupMember implements GroupMember {
  readonly #cluster: Cluster
  readonly #onClosed: () => void
  readonly #options: Required<Omit<GroupMemberOptions, 'groupInstanceId'>>
  readonly #instanceId: string | null
  readonly #closing = new AbortController()
  #state: MembershipState = 'outside'
  #memberId = ''
  #generationId = -1
  /** When the coordinator last confirmed the membership, monotonic: the moment the confirmed request was sent. */
  #vouchedAtMs = -Infinity
  #owned: readonly TopicPartition[] = []
  /** What was held in the generation before, for assignors that like to keep it. */
  #lastOwned: readonly TopicPartition[] = []
  #running: Promise<void> | undefined
  #end: ((ending: Ending) => void) | undefined
  #heartbeatTimer: Timer | undefined
  #topicTimer: Timer | undefined
  #topicCounts = new Map<string, number>()

  constructor(
    cluster: Cluster,
    options: GroupMemberOptions,
    onClosed: () => void = () => undefined,
  ) {
    if (options.assignors.length === 0) {
      throw new InvalidOptionError('assignors', 'at least one is needed')
    }
    this.#cluster = cluster
    this.#onClosed = onClosed
    this.#instanceId = options.groupInstanceId ?? null
    this.#options = {
      groupId: options.groupId,
      topics: options.topics,
      assignors: options.assignors,
      listener: options.listener,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
      heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3_000,
      leaveOnClose: options.leaveOnClose ?? options.groupInstanceId === undefined,
    }
    if (this.#options.heartbeatIntervalMs >= this.#options.sessionTimeoutMs) {
      throw new InvalidOptionError('heartbeatIntervalMs', 'must be below sessionTimeoutMs')
    }
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#running = this.#run(resolve).then(
      () => reject(new AbortedError('the group member was closed before it joined')),
      (error: unknown) => {
        this.#heartbeatTimer?.cancel()
        this.#topicTimer?.cancel()
        if (this.#state !== 'closed') this.#move('fatal')
        reject(error)
        if (!this.#closing.signal.aborted) this.#options.listener.onError(error)
      },
    )
    return promise
  }

  metadata(): GroupMetadata | undefined {
    if (this.#state !== 'stable' && this.#state !== 'revoking') return undefined
    // A process that was stopped for longer than a session is out, though no heartbeat could tell it yet.
    const silentMs = this.#cluster.clock.monotonicMs() - this.#vouchedAtMs
    return silentMs > this.#options.sessionTimeoutMs ? undefined : this.#metadata()
  }

  rejoin(reason: string): void {
    this.#end?.({ kind: 'rebalance', reason })
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) {
      await this.#running
      return
    }
    this.#end?.({ kind: 'closed' })
    this.#closing.abort(new AbortedError('the group member was closed'))
    await this.#running
    this.#move('close')
    this.#onClosed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #metadata(): GroupMetadata {
    return {
      groupId: this.#options.groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
    }
  }

  /** Generation after generation, until closed or out for good. */
  async #run(onFirstAssignment: () => void): Promise<void> {
    const { listener } = this.#options
    this.#move('start')
    while (!this.#closing.signal.aborted) {
      let assignment: ConsumerAssignment
      try {
        assignment = await this.#joinAndSync()
      } catch (error) {
        if (this.#closing.signal.aborted) break
        throw error
      }
      const ended = this.#watchGeneration()
      this.#owned = assignment.partitions.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      )
      this.#lastOwned = this.#owned
      await listener.onAssigned(this.#owned, assignment.userData, this.#metadata())
      onFirstAssignment()
      const ending = await ended
      if (!(await this.#finishGeneration(ending))) break
    }
    await this.#leave()
  }

  /** Lets go of what was owned; false when the member is done. */
  async #finishGeneration(ending: Ending): Promise<boolean> {
    const { listener } = this.#options
    const owned = this.#owned
    this.#topicTimer?.cancel()
    switch (ending.kind) {
      case 'rebalance':
      case 'closed': {
        this.#move('rebalance')
        // Heartbeats go on while the owner commits: the old generation holds until this member joins the next.
        const lost = await this.#whileRevoking(listener.onRevoked(owned))
        this.#stopHeartbeats()
        this.#owned = []
        if (lost?.kind === 'fatal') throw lost.error
        if (lost?.kind === 'lost') {
          if (!lost.keepMemberId) this.#memberId = ''
          this.#generationId = -1
        }
        this.#move('revoked')
        return ending.kind === 'rebalance' && !this.#closing.signal.aborted
      }
      case 'lost':
        this.#stopHeartbeats()
        this.#move('lost')
        this.#owned = []
        this.#lastOwned = []
        this.#generationId = -1
        if (!ending.keepMemberId) this.#memberId = ''
        await listener.onLost(owned)
        return !this.#closing.signal.aborted
      case 'fatal':
        this.#stopHeartbeats()
        this.#owned = []
        this.#generationId = -1
        this.#move('fatal')
        await listener.onLost(owned)
        throw ending.error
    }
  }

  /** Waits for the listener; tells what the heartbeats learnt meanwhile. */
  async #whileRevoking(revoked: Promise<void>): Promise<Ending | undefined> {
    let learnt: Ending | undefined
    this.#end = (ending) => {
      if (ending.kind === 'lost' || ending.kind === 'fatal') learnt ??= ending
    }
    await revoked
    this.#end = undefined
    return learnt
  }

  async #joinAndSync(): Promise<ConsumerAssignment> {
    for (;;) {
      try {
        const joined = await this.#join()
        this.#move('joined')
        const assignment = await this.#sync(joined)
        this.#move('synced')
        return assignment
      } catch (error) {
        if (!(error instanceof KafkaError) || this.#closing.signal.aborted) throw error
        switch (error.errorCode) {
          case ErrorCode.MEMBER_ID_REQUIRED:
          case ErrorCode.REBALANCE_IN_PROGRESS:
            this.#move('again')
            break
          case ErrorCode.UNKNOWN_MEMBER_ID:
          case ErrorCode.ILLEGAL_GENERATION:
            if (error.errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = ''
            this.#generationId = -1
            this.#move('lost')
            break
          case ErrorCode.FENCED_INSTANCE_ID:
            throw this.#fenced(error)
          default:
            throw error
        }
      }
    }
  }

  async #join(): Promise<JoinGroupResponse> {
    const { groupId, assignors, topics, rebalanceTimeoutMs, sessionTimeoutMs } = this.#options
    const what = `join of group "${groupId}"`
    // The id of a first join is known from its answer, also when that is an error.
    return this.#cluster.callCoordinator(
      what,
      { kind: 'group', key: groupId },
      'JoinGroup',
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupInstanceId: this.#instanceId,
        protocolType: CONSUMER_PROTOCOL_TYPE,
        protocols: assignors.map((assignor) => ({
          name: assignor.name,
          metadata: encodeConsumerSubscription({
            topics,
            userData: assignor.subscriptionUserData(this.#lastOwned),
            owned: byTopic(this.#lastOwned, (p) => p.partition),
          }),
        })),
      },
      (answer) => {
        if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.#memberId = answer.memberId
        checkError(answer.errorCode, what, { group: groupId })
        this.#memberId = answer.memberId
        this.#generationId = answer.generationId
      },
      {
        lane: 'group',
        signal: this.#closing.signal,
        deadline: this.#cluster.deadline(
          Math.max(this.#cluster.requestDeadlineMs, rebalanceTimeoutMs * 2),
        ),
        attemptTimeoutMs: rebalanceTimeoutMs + 5000,
      },
    )
  }

  async #sync(joined: JoinGroupResponse): Promise<ConsumerAssignment> {
    const { groupId, rebalanceTimeoutMs } = this.#options
    const what = `assignment of group "${groupId}"`
    const isLeader = joined.leader === joined.memberId
    const assignments = isLeader ? await this.#assign(joined) : []
    if (!isLeader) this.#topicCounts.clear()
    const answer = await this.#cluster.callCoordinator(
      what,
      { kind: 'group', key: groupId },
      'SyncGroup',
      { ...this.#metadata(), assignments },
      (response) => checkError(response.errorCode, what, { group: groupId }),
      {
        lane: 'group',
        signal: this.#closing.signal,
        deadline: this.#cluster.deadline(rebalanceTimeoutMs + 5000),
        attemptTimeoutMs: rebalanceTimeoutMs + 5000,
      },
    )
    return decodeConsumerAssignment(answer.assignment)
  }

  /** The leader's part: everybody's subscription to everybody's assignment. */
  async #assign(
    joined: JoinGroupResponse,
  ): Promise<{ readonly memberId: string; readonly assignment: Uint8Array }[]> {
    const assignor = this.#assignor(joined.protocolName)
    const members = joined.members.map(({ memberId, metadata }) => {
      const { topics, owned, userData } = decodeConsumerSubscription(metadata)
      return {
        memberId,
        topics,
        userData,
        owned: owned.flatMap(({ topic, partitions }) =>
          partitions.map((partition) => ({ topic, partition })),
        ),
      }
    })
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort()
    this.#topicCounts = await this.#countPartitions(topics)
    const assigned = assignor.assign(members, this.#topicCounts)
    return members.map(({ memberId }) => {
      const { partitions, userData } = assigned.get(memberId) ?? { partitions: [], userData: null }
      return {
        memberId,
        assignment: encodeConsumerAssignment({
          partitions: byTopic(partitions, (p) => p.partition),
          userData,
        }),
      }
    })
  }

  #assignor(name: string): Assignor {
    const assignor = this.#options.assignors.find((candidate) => candidate.name === name)
    assert(assignor !== undefined, `the group agreed on "${name}", which this member offered`)
    return assignor
  }

  /** Topics that do not exist are left out: they join the assignment when they appear. */
  async #countPartitions(topics: readonly string[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    if (topics.length === 0) return counts
    await this.#cluster.retry(
      'metadata of the subscribed topics',
      'Metadata',
      () => this.#cluster.refresh(topics),
      { signal: this.#closing.signal },
    )
    for (const topic of topics) {
      const count = this.#cluster.knownPartitionCount(topic)
      if (count !== undefined) counts.set(topic, count)
    }
    return counts
  }

  /** Starts the heartbeats of a generation; resolves when it ends. */
  #watchGeneration(): Promise<Ending> {
    const ended = new Promise<Ending>((resolve) => {
      this.#end = resolve
    })
    if (this.#closing.signal.aborted) this.#end?.({ kind: 'closed' })
    this.#vouchedAtMs = this.#cluster.clock.monotonicMs()
    this.#beat(this.#generationId)
    this.#watchTopics()
    return ended
  }

  #beat(generationId: number): void {
    this.#heartbeatTimer = this.#cluster.clock.setTimer(() => {
      void this.#heartbeat().then((goOn) => {
        if (!goOn || this.#generationId !== generationId) return
        if (this.#state === 'stable' || this.#state === 'revoking') this.#beat(generationId)
      })
    }, this.#options.heartbeatIntervalMs)
  }

  /** One heartbeat; false when there shall be no other. */
  async #heartbeat(): Promise<boolean> {
    const { groupId, sessionTimeoutMs } = this.#options
    const { clock } = this.#cluster
    const sentAtMs = clock.monotonicMs()
    const leftMs = sessionTimeoutMs - (sentAtMs - this.#vouchedAtMs)
    try {
      const what = `heartbeat of group "${groupId}"`
      await this.#cluster.callCoordinator(
        what,
        { kind: 'group', key: groupId },
        'Heartbeat',
        this.#metadata(),
        (answer) => checkError(answer.errorCode, what, { group: groupId }),
        // Stopped beyond its session: one attempt still tells what became of the membership.
        { deadline: this.#cluster.deadline(leftMs > 0 ? leftMs : 1000) },
      )
      this.#vouchedAtMs = sentAtMs
      return true
    } catch (error) {
      return this.#heartbeatFailed(error, sentAtMs)
    }
  }

  #heartbeatFailed(error: unknown, sentAtMs: number): boolean {
    const code = error instanceof KafkaError ? error.errorCode : undefined
    switch (code) {
      case ErrorCode.REBALANCE_IN_PROGRESS:
        this.#end?.({ kind: 'rebalance', reason: 'the group rebalances' })
        this.#vouchedAtMs = sentAtMs
        return true
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.ILLEGAL_GENERATION:
        this.#end?.({
          kind: 'lost',
          error,
          keepMemberId: code === ErrorCode.ILLEGAL_GENERATION,
        })
        return false
      case ErrorCode.FENCED_INSTANCE_ID:
        this.#end?.({ kind: 'fatal', error: this.#fenced(error) })
        return false
      case undefined:
        if (error instanceof TimeoutError) {
          // Nobody vouched for the membership for a whole session: others may own the partitions by now.
          this.#end?.({ kind: 'lost', error, keepMemberId: false })
          return false
        }
        if (this.#closing.signal.aborted) return false
        this.#end?.({ kind: 'fatal', error })
        return false
      default:
        this.#end?.({ kind: 'fatal', error })
        return false
    }
  }

  #stopHeartbeats(): void {
    this.#heartbeatTimer?.cancel()
    this.#heartbeatTimer = undefined
    this.#end = undefined
  }

  /** The leader asks for a rebalance when a topic appears, grows or goes. */
  #watchTopics(): void {
    if (this.#topicCounts.size === 0 && this.#options.topics.length === 0) return
    const counts = this.#topicCounts
    if (counts.size === 0) return
    this.#topicTimer = this.#cluster.clock.setTimer(
      () => {
        this.#countPartitions([...new Set([...counts.keys(), ...this.#options.topics])])
          .then((now) => {
            if (this.#state !== 'stable' || this.#topicCounts !== counts) return
            const same =
              now.size === counts.size &&
              [...now].every(([topic, count]) => counts.get(topic) === count)
            if (same) this.#watchTopics()
            else this.rejoin('partition counts changed')
          })
          // Metadata is missing for a while: the next check may find it.
          .catch(() => {
            if (this.#state === 'stable' && this.#topicCounts === counts) this.#watchTopics()
          })
      },
      TOPIC_CHECK_MS,
      { unref: true },
    )
  }

  /** A static member stays in the group until its session ends, unless told to leave: a restart within it costs no rebalance. */
  async #leave(): Promise<void> {
    const { groupId, leaveOnClose } = this.#options
    if (this.#memberId === '' || !leaveOnClose || this.#generationId < 0) return
    const memberId = this.#memberId
    this.#memberId = ''
    this.#generationId = -1
    try {
      await this.#cluster.callCoordinator(
        `leave of group "${groupId}"`,
        { kind: 'group', key: groupId },
        'LeaveGroup',
        { groupId, members: [{ memberId, groupInstanceId: this.#instanceId }] },
        () => undefined,
        { deadline: this.#cluster.deadline(5000) },
      )
    } catch (error) {
      // Politeness only: without it the group notices at the end of the session.
      if (!(error instanceof TimeoutError || error instanceof KafkaError)) throw error
    }
  }

  #fenced(error: unknown): FencedError {
    return new FencedError(
      ErrorCode.FENCED_INSTANCE_ID,
      `instance id "${this.#instanceId}" of group "${this.#options.groupId}" is held by another process`,
      { cause: error, group: this.#options.groupId },
    )
  }

  #move(event: MembershipEvent): void {
    const next = nextMembershipState(this.#state, event)
    assert(next !== undefined, `a member that is ${this.#state} does not take "${event}"`)
    this.#state = next
  }
}
