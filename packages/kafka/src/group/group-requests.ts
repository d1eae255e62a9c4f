import { TimeoutError } from '@varve/base'
import {
  CONSUMER_PROTOCOL_TYPE,
  decodeConsumerAssignment,
  encodeConsumerSubscription,
  ErrorCode,
  type ConsumerAssignment,
  type JoinGroupResponse,
  type SyncGroupRequest,
} from '@varve/kafka-protocol'

import type { Assignor, GroupMetadata, TopicPartition } from '../client.ts'
import { byTopic } from '../cluster/by-topic.ts'
import { checkError, type Cluster } from '../cluster/cluster.ts'
import { KafkaError } from '../errors.ts'

/** What the requests of a member say of it in every generation. */
export interface GroupSubscription {
  readonly groupId: string
  readonly instanceId: string | null
  readonly topics: readonly string[]
  readonly assignors: readonly Assignor[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

/** The requests of a group member to its coordinator, each repeated until answered, out of time, or given up with the member. */
export class GroupRequests {
  readonly #cluster: Cluster
  readonly #of: GroupSubscription
  readonly #closing: AbortSignal

  constructor(cluster: Cluster, subscription: GroupSubscription, closing: AbortSignal) {
    this.#cluster = cluster
    this.#of = subscription
    this.#closing = closing
  }

  /**
   * Asks to be in the next generation. `learn` gets the member id from the answer, also when that asks to join again under it, and the
   * generation when there is one.
   */
  async join(
    memberId: string,
    owned: readonly TopicPartition[],
    learn: (memberId: string, generationId: number | undefined) => void,
  ): Promise<JoinGroupResponse> {
    const { groupId, assignors, topics, rebalanceTimeoutMs, sessionTimeoutMs } = this.#of
    const what = `join of group "${groupId}"`
    return this.#cluster.callCoordinator(
      what,
      this.#coordinator,
      'JoinGroup',
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId,
        groupInstanceId: this.#of.instanceId,
        protocolType: CONSUMER_PROTOCOL_TYPE,
        protocols: assignors.map((assignor) => ({
          name: assignor.name,
          metadata: encodeConsumerSubscription({
            topics,
            userData: assignor.subscriptionUserData(owned),
            owned: byTopic(owned, (p) => p.partition),
          }),
        })),
      },
      (answer) => {
        if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) learn(answer.memberId, undefined)
        checkError(answer.errorCode, what, { group: groupId })
        learn(answer.memberId, answer.generationId)
      },
      {
        lane: 'group',
        signal: this.#closing,
        deadline: this.#cluster.deadline(
          Math.max(this.#cluster.requestDeadlineMs, rebalanceTimeoutMs * 2),
        ),
        attemptTimeoutMs: rebalanceTimeoutMs + 5000,
      },
    )
  }

  /** What the member is assigned; the leader sends along what everybody is. */
  async sync(
    member: GroupMetadata,
    assignments: SyncGroupRequest['assignments'],
  ): Promise<ConsumerAssignment> {
    const { groupId, rebalanceTimeoutMs } = this.#of
    const what = `assignment of group "${groupId}"`
    const answer = await this.#cluster.callCoordinator(
      what,
      this.#coordinator,
      'SyncGroup',
      { ...member, assignments },
      (response) => checkError(response.errorCode, what, { group: groupId }),
      {
        lane: 'group',
        signal: this.#closing,
        deadline: this.#cluster.deadline(rebalanceTimeoutMs + 5000),
        attemptTimeoutMs: rebalanceTimeoutMs + 5000,
      },
    )
    return decodeConsumerAssignment(answer.assignment)
  }

  /** Shows that the member is alive. */
  async heartbeat(member: GroupMetadata, timeoutMs: number): Promise<void> {
    const { groupId } = this.#of
    const what = `heartbeat of group "${groupId}"`
    await this.#cluster.callCoordinator(
      what,
      this.#coordinator,
      'Heartbeat',
      member,
      (answer) => checkError(answer.errorCode, what, { group: groupId }),
      { deadline: this.#cluster.deadline(timeoutMs) },
    )
  }

  /** Takes the member out of the group. */
  async leave(memberId: string): Promise<void> {
    const { groupId, instanceId } = this.#of
    try {
      await this.#cluster.callCoordinator(
        `leave of group "${groupId}"`,
        this.#coordinator,
        'LeaveGroup',
        { groupId, members: [{ memberId, groupInstanceId: instanceId }] },
        () => undefined,
        { deadline: this.#cluster.deadline(5000) },
      )
    } catch (error) {
      // Politeness only: without it the group notices at the end of the session.
      if (!(error instanceof TimeoutError || error instanceof KafkaError)) throw error
    }
  }

  get #coordinator(): { readonly kind: 'group'; readonly key: string } {
    return { kind: 'group', key: this.#of.groupId }
  }
}
