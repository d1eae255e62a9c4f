import type { ApiMessages, ApiName } from './index.ts'
import type { ApiDefinition } from './api-definition.ts'
import { addOffsetsToTxnApi } from './add-offsets-to-txn.ts'
import { addPartitionsToTxnApi } from './add-partitions-to-txn.ts'
import { apiVersionsApi } from './api-versions.ts'
import { createPartitionsApi } from './create-partitions.ts'
import { createTopicsApi } from './create-topics.ts'
import { deleteGroupsApi } from './delete-groups.ts'
import { deleteRecordsApi } from './delete-records.ts'
import { deleteTopicsApi } from './delete-topics.ts'
import { describeConfigsApi } from './describe-configs.ts'
import { describeGroupsApi } from './describe-groups.ts'
import { endTxnApi } from './end-txn.ts'
import { fetchApi } from './fetch.ts'
import { findCoordinatorApi } from './find-coordinator.ts'
import { heartbeatApi } from './heartbeat.ts'
import { incrementalAlterConfigsApi } from './incremental-alter-configs.ts'
import { initProducerIdApi } from './init-producer-id.ts'
import { joinGroupApi } from './join-group.ts'
import { leaveGroupApi } from './leave-group.ts'
import { listGroupsApi } from './list-groups.ts'
import { listOffsetsApi } from './list-offsets.ts'
import { metadataApi } from './metadata.ts'
import { offsetCommitApi } from './offset-commit.ts'
import { offsetFetchApi } from './offset-fetch.ts'
import { produceApi } from './produce.ts'
import { syncGroupApi } from './sync-group.ts'
import { txnOffsetCommitApi } from './txn-offset-commit.ts'

/** Every request spoken here, with its number, versions and codecs. All ranges overlap those of Kafka 2.4 to 4.x. */
export const apis: {
  readonly [A in ApiName]: ApiDefinition<ApiMessages[A]['request'], ApiMessages[A]['response']>
} = {
  AddOffsetsToTxn: addOffsetsToTxnApi,
  AddPartitionsToTxn: addPartitionsToTxnApi,
  ApiVersions: apiVersionsApi,
  CreatePartitions: createPartitionsApi,
  CreateTopics: createTopicsApi,
  DeleteGroups: deleteGroupsApi,
  DeleteRecords: deleteRecordsApi,
  DeleteTopics: deleteTopicsApi,
  DescribeConfigs: describeConfigsApi,
  DescribeGroups: describeGroupsApi,
  EndTxn: endTxnApi,
  Fetch: fetchApi,
  FindCoordinator: findCoordinatorApi,
  Heartbeat: heartbeatApi,
  IncrementalAlterConfigs: incrementalAlterConfigsApi,
  InitProducerId: initProducerIdApi,
  JoinGroup: joinGroupApi,
  LeaveGroup: leaveGroupApi,
  ListGroups: listGroupsApi,
  ListOffsets: listOffsetsApi,
  Metadata: metadataApi,
  OffsetCommit: offsetCommitApi,
  OffsetFetch: offsetFetchApi,
  Produce: produceApi,
  SyncGroup: syncGroupApi,
  TxnOffsetCommit: txnOffsetCommitApi,
}

const byKey = new Map<number, ApiName>(
  Object.entries(apis).map(([name, api]) => [api.key, name as ApiName]),
)

/** Name of the request with that number; `undefined` when it is not spoken here. */
export function apiNameOf(key: number): ApiName | undefined {
  return byKey.get(key)
}

/**
 * Highest version that both sides speak; `undefined` when there is none.
 *
 * @param range what the other side speaks
 */
export function negotiateVersion(
  api: ApiName,
  range: { readonly minVersion: number; readonly maxVersion: number },
): number | undefined {
  const ours = apis[api]
  const version = Math.min(ours.maxVersion, range.maxVersion)
  return version >= Math.max(ours.minVersion, range.minVersion) ? version : undefined
}
