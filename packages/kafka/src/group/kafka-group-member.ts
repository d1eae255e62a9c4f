import { AbortedError, assert, InvalidOptionError, TimeoutError, type Timer } from '@varve/base'
import { ErrorCode, type ConsumerAssignment, type JoinGroupResponse } from '@varve/kafka-protocol'

import type { GroupMember, GroupMemberOptions, GroupMetadata, TopicPartition } from '../client.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { FencedError, KafkaError } from '../errors.ts'
import { GroupRequests } from './group-requests.ts'
import { assignAsLeader, topicPartitions } from './leader-assignment.ts'
import {
  nextMembershipState,
  type MembershipEvent,
  type MembershipState,
} from './membership-state.ts'
import { TopicWatch } from './topic-watch.ts'

/** How a generation ended. */
type Ending =
  | { readonly kind: 'rebalance'; readonly reason: string }
  | { readonly kind: 'lost'; readonly error: unknown; readonly keepMemberId: boolean }
  | { readonly kind: 'fatal'; readonly error: unknown }
  | { readonly kind: 'closed' }

/** The {@link GroupMember} over a {@link Cluster}: the classic protocol, eager. */
export class KafkaGroupMember implements GroupMember {
  readonly #cluster: Cluster
  readonly #onClosed: () => void
  readonly #options: Required<Omit<GroupMemberOptions, 'groupInstanceId'>>
  readonly #instanceId: string | null
  readonly #closing = new AbortController()
  readonly #requests: GroupRequests
  readonly #topics: TopicWatch
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
    this.#requests = new GroupRequests(
      cluster,
      { ...this.#options, instanceId: this.#instanceId },
      this.#closing.signal,
    )
    this.#topics = new TopicWatch(cluster, this.#closing.signal)
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#running = this.#run(resolve).then(
      () => reject(new AbortedError('the group member was closed before it joined')),
      (error: unknown) => {
        this.#heartbeatTimer?.cancel()
        this.#topics.stop()
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
      this.#owned = topicPartitions(assignment.partitions)
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
    this.#topics.stop()
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
    return this.#requests.join(this.#memberId, this.#lastOwned, (memberId, generationId) => {
      this.#memberId = memberId
      if (generationId !== undefined) this.#generationId = generationId
    })
  }

  async #sync(joined: JoinGroupResponse): Promise<ConsumerAssignment> {
    const isLeader = joined.leader === joined.memberId
    if (!isLeader) this.#topics.clear()
    const assignments = isLeader
      ? await assignAsLeader(joined, this.#options.assignors, (topics) =>
          this.#topics.count(topics),
        )
      : []
    return this.#requests.sync(this.#metadata(), assignments)
  }

  /** Starts the heartbeats of a generation; resolves when it ends. */
  #watchGeneration(): Promise<Ending> {
    const ended = new Promise<Ending>((resolve) => {
      this.#end = resolve
    })
    if (this.#closing.signal.aborted) this.#end?.({ kind: 'closed' })
    this.#vouchedAtMs = this.#cluster.clock.monotonicMs()
    this.#beat(this.#generationId)
    this.#topics.start(
      this.#options.topics,
      () => this.#state === 'stable',
      () => this.rejoin('partition counts changed'),
    )
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
    const { clock } = this.#cluster
    const sentAtMs = clock.monotonicMs()
    const leftMs = this.#options.sessionTimeoutMs - (sentAtMs - this.#vouchedAtMs)
    try {
      // Stopped beyond its session: one attempt still tells what became of the membership.
      await this.#requests.heartbeat(this.#metadata(), leftMs > 0 ? leftMs : 1000)
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

  /** A static member stays in the group until its session ends, unless told to leave: a restart within it costs no rebalance. */
  async #leave(): Promise<void> {
    if (this.#memberId === '' || !this.#options.leaveOnClose || this.#generationId < 0) return
    const memberId = this.#memberId
    this.#memberId = ''
    this.#generationId = -1
    await this.#requests.leave(memberId)
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
