import { ErrorCode } from '@varve/kafka-protocol'

import type { GroupMetadata, OffsetToCommit, TopicPartition } from '../client.ts'
import { checkError, type Cluster } from '../cluster/cluster.ts'
import { byTopic } from '../cluster/by-topic.ts'
import type { Deadline } from '../cluster/backoff.ts'
import type { ProducerIdentity } from './producer-batch.ts'

/** The requests of a producer to its transaction coordinator and to the group's, each repeated until answered or out of time. */
export class TransactionRequests {
  readonly #cluster: Cluster
  readonly #transactionalId: string | undefined
  readonly #timeoutMs: number

  constructor(
    cluster: Cluster,
    options: { readonly transactionalId: string | undefined; readonly timeoutMs: number },
  ) {
    this.#cluster = cluster
    this.#transactionalId = options.transactionalId
    this.#timeoutMs = options.timeoutMs
  }

  /** Producer id and epoch. For a transactional id the answer comes when the predecessor's transaction is ended. */
  async initProducerId(deadline: Deadline): Promise<ProducerIdentity> {
    const request = {
      transactionalId: this.#transactionalId ?? null,
      transactionTimeoutMs: this.#timeoutMs,
    }
    const what =
      this.#transactionalId === undefined
        ? 'producer id'
        : `producer id of transactional id "${this.#transactionalId}"`
    const check = (response: { readonly errorCode: number }): void =>
      checkError(response.errorCode, what)
    const answer =
      this.#transactionalId === undefined
        ? await this.#cluster.callAny(what, { kind: 'any' }, 'InitProducerId', request, check, {
            deadline,
          })
        : await this.#cluster.callCoordinator(
            what,
            this.#coordinator,
            'InitProducerId',
            request,
            check,
            { deadline },
          )
    return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
  }

  /** Adds partitions to the open transaction; nothing may be produced to them before. */
  async addPartitions(
    identity: ProducerIdentity,
    partitions: readonly TopicPartition[],
    deadline: Deadline,
  ): Promise<void> {
    await this.#cluster.callCoordinator(
      `adding partitions to transaction "${this.#transactionalId}"`,
      this.#coordinator,
      'AddPartitionsToTxn',
      {
        ...this.#identify(identity),
        topics: byTopic(partitions, (p) => p.partition),
      },
      (response) => {
        // One refused partition refuses all; the others say "not attempted".
        let code: number = ErrorCode.NONE
        let where: TopicPartition | undefined
        for (const topic of response.topics) {
          for (const { partition, errorCode } of topic.partitions) {
            if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.OPERATION_NOT_ATTEMPTED) {
              continue
            }
            code = errorCode
            where = { topic: topic.topic, partition }
          }
        }
        checkError(code, 'adding partitions to the transaction', where)
      },
      { deadline },
    )
  }

  /** Adds offsets of a group to the transaction: announces the group, then sends the offsets fenced by generation. */
  async sendOffsets(
    identity: ProducerIdentity,
    offsets: readonly OffsetToCommit[],
    group: GroupMetadata,
    deadline: Deadline,
  ): Promise<void> {
    const { groupId } = group
    const what = `offsets of group "${groupId}" in transaction "${this.#transactionalId}"`
    await this.#cluster.callCoordinator(
      what,
      this.#coordinator,
      'AddOffsetsToTxn',
      { ...this.#identify(identity), groupId },
      (response) => checkError(response.errorCode, what, { group: groupId }),
      { deadline },
    )
    await this.#cluster.callCoordinator(
      what,
      { kind: 'group', key: groupId },
      'TxnOffsetCommit',
      {
        ...this.#identify(identity),
        groupId,
        generationId: group.generationId,
        memberId: group.memberId,
        groupInstanceId: group.groupInstanceId,
        topics: byTopic(offsets, (o) => ({
          partition: o.partition,
          offset: o.offset,
          leaderEpoch: -1,
          metadata: o.metadata ?? '',
        })),
      },
      (response) => {
        for (const topic of response.topics) {
          for (const { partition, errorCode } of topic.partitions) {
            checkError(errorCode, what, { group: groupId, topic: topic.topic, partition })
          }
        }
      },
      { deadline },
    )
  }

  async endTransaction(
    identity: ProducerIdentity,
    committed: boolean,
    deadline: Deadline,
  ): Promise<void> {
    const what = `${committed ? 'commit' : 'abort'} of transaction "${this.#transactionalId}"`
    await this.#cluster.callCoordinator(
      what,
      this.#coordinator,
      'EndTxn',
      { ...this.#identify(identity), committed },
      (response) => checkError(response.errorCode, what),
      { deadline },
    )
  }

  get #coordinator(): { kind: 'transaction'; key: string } {
    return { kind: 'transaction', key: this.#transactionalId! }
  }

  #identify(identity: ProducerIdentity): ProducerIdentity & { transactionalId: string } {
    return { ...identity, transactionalId: this.#transactionalId! }
  }
}
