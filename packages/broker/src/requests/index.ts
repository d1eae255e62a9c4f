import type { ApiMessages, ApiName } from '@varve/kafka-protocol'

import type { BrokerContext, RequestScope } from '../broker-context.ts'
import { handleAddOffsetsToTxn } from './add-offsets-to-txn.ts'
import { handleAddPartitionsToTxn } from './add-partitions-to-txn.ts'
import { handleApiVersions } from './api-versions.ts'
import { handleCreatePartitions } from './create-partitions.ts'
import { handleCreateTopics } from './create-topics.ts'
import { handleDeleteGroups } from './delete-groups.ts'
import { handleDeleteRecords } from './delete-records.ts'
import { handleDeleteTopics } from './delete-topics.ts'
import { handleDescribeConfigs } from './describe-configs.ts'
import { handleDescribeGroups } from './describe-groups.ts'
import { handleEndTxn } from './end-txn.ts'
import { handleFetch } from './fetch.ts'
import { handleFindCoordinator } from './find-coordinator.ts'
import { handleHeartbeat } from './heartbeat.ts'
import { handleIncrementalAlterConfigs } from './incremental-alter-configs.ts'
import { handleInitProducerId } from './init-producer-id.ts'
import { handleJoinGroup } from './join-group.ts'
import { handleLeaveGroup } from './leave-group.ts'
import { handleListGroups } from './list-groups.ts'
import { handleListOffsets } from './list-offsets.ts'
import { handleMetadata } from './metadata.ts'
import { handleOffsetCommit } from './offset-commit.ts'
import { handleOffsetFetch } from './offset-fetch.ts'
import { handleProduce } from './produce.ts'
import { handleSyncGroup } from './sync-group.ts'
import { handleTxnOffsetCommit } from './txn-offset-commit.ts'

/** Answers one kind of request. May take effect before it returns; never throws what a client caused. */
export type RequestHandler<A extends ApiName> = (
  context: BrokerContext,
  request: ApiMessages[A]['request'],
  scope: RequestScope,
) => ApiMessages[A]['response'] | Promise<ApiMessages[A]['response']>

/** The handler of every request. */
export const requestHandlers: { readonly [A in ApiName]: RequestHandler<A> } = {
  AddOffsetsToTxn: handleAddOffsetsToTxn,
  AddPartitionsToTxn: handleAddPartitionsToTxn,
  ApiVersions: handleApiVersions,
  CreatePartitions: handleCreatePartitions,
  CreateTopics: handleCreateTopics,
  DeleteGroups: handleDeleteGroups,
  DeleteRecords: handleDeleteRecords,
  DeleteTopics: handleDeleteTopics,
  DescribeConfigs: handleDescribeConfigs,
  DescribeGroups: handleDescribeGroups,
  EndTxn: handleEndTxn,
  Fetch: handleFetch,
  FindCoordinator: handleFindCoordinator,
  Heartbeat: handleHeartbeat,
  IncrementalAlterConfigs: handleIncrementalAlterConfigs,
  InitProducerId: handleInitProducerId,
  JoinGroup: handleJoinGroup,
  LeaveGroup: handleLeaveGroup,
  ListGroups: handleListGroups,
  ListOffsets: handleListOffsets,
  Metadata: handleMetadata,
  OffsetCommit: handleOffsetCommit,
  OffsetFetch: handleOffsetFetch,
  Produce: handleProduce,
  SyncGroup: handleSyncGroup,
  TxnOffsetCommit: handleTxnOffsetCommit,
}
