import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '@varve/kafka-protocol'

import type { BrokerContext } from '../broker-context.ts'
import { OFFSETS_TOPIC } from '../topics/topic-name.ts'
import { answerCommit } from './offset-commit.ts'

/** TxnOffsetCommit: the offsets take effect with the marker of the transaction. A zombie is stopped by its generation (KIP-447). */
export async function handleTxnOffsetCommit(
  context: BrokerContext,
  request: TxnOffsetCommitRequest,
): Promise<TxnOffsetCommitResponse> {
  const { transactionalId, groupId, producerId, producerEpoch } = request
  return answerCommit(context, request.topics, async (offsets) => {
    const group = await context.groups.open(groupId)
    context.transactions.verifyPartition(
      transactionalId,
      producerId,
      producerEpoch,
      OFFSETS_TOPIC,
      0,
    )
    group.checkCommit(request.generationId, request.memberId, request.groupInstanceId, true)
    await context.groups.commit(group, offsets, { producerId, producerEpoch })
  })
}
