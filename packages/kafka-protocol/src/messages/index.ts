import type { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from './add-offsets-to-txn.ts'
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from './add-partitions-to-txn.ts'
import type { ApiVersionsRequest, ApiVersionsResponse } from './api-versions.ts'
import type { CreatePartitionsRequest, CreatePartitionsResponse } from './create-partitions.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from './create-topics.ts'
import type { DeleteGroupsRequest, DeleteGroupsResponse } from './delete-groups.ts'
import type { DeleteRecordsRequest, DeleteRecordsResponse } from './delete-records.ts'
import type { DeleteTopicsRequest, DeleteTopicsResponse } from './delete-topics.ts'
import type { DescribeConfigsRequest, DescribeConfigsResponse } from './describe-configs.ts'
import type { DescribeGroupsRequest, DescribeGroupsResponse } from './describe-groups.ts'
import type { EndTxnRequest, EndTxnResponse } from './end-txn.ts'
import type { FetchRequest, FetchResponse } from './fetch.ts'
import type { FindCoordinatorRequest, FindCoordinatorResponse } from './find-coordinator.ts'
import type { HeartbeatRequest, HeartbeatResponse } from './heartbeat.ts'
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from './incremental-alter-configs.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from './init-producer-id.ts'
import type { JoinGroupRequest, JoinGroupResponse } from './join-group.ts'
import type { LeaveGroupRequest, LeaveGroupResponse } from './leave-group.ts'
import type { ListGroupsRequest, ListGroupsResponse } from './list-groups.ts'
import type { ListOffsetsRequest, ListOffsetsResponse } from './list-offsets.ts'
import type { MetadataRequest, MetadataResponse } from './metadata.ts'
import type { OffsetCommitRequest, OffsetCommitResponse } from './offset-commit.ts'
import type { OffsetFetchRequest, OffsetFetchResponse } from './offset-fetch.ts'
import type { ProduceRequest, ProduceResponse } from './produce.ts'
import type { SyncGroupRequest, SyncGroupResponse } from './sync-group.ts'
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from './txn-offset-commit.ts'

/** Every request that can be sent, with its answer. */
export interface ApiMessages {
  readonly AddOffsetsToTxn: {
    readonly request: AddOffsetsToTxnRequest
    readonly response: AddOffsetsToTxnResponse
  }
  readonly AddPartitionsToTxn: {
    readonly request: AddPartitionsToTxnRequest
    readonly response: AddPartitionsToTxnResponse
  }
  readonly ApiVersions: {
    readonly request: ApiVersionsRequest
    readonly response: ApiVersionsResponse
  }
  readonly CreatePartitions: {
    readonly request: CreatePartitionsRequest
    readonly response: CreatePartitionsResponse
  }
  readonly CreateTopics: {
    readonly request: CreateTopicsRequest
    readonly response: CreateTopicsResponse
  }
  readonly DeleteGroups: {
    readonly request: DeleteGroupsRequest
    readonly response: DeleteGroupsResponse
  }
  readonly DeleteRecords: {
    readonly request: DeleteRecordsRequest
    readonly response: DeleteRecordsResponse
  }
  readonly DeleteTopics: {
    readonly request: DeleteTopicsRequest
    readonly response: DeleteTopicsResponse
  }
  readonly DescribeConfigs: {
    readonly request: DescribeConfigsRequest
    readonly response: DescribeConfigsResponse
  }
  readonly DescribeGroups: {
    readonly request: DescribeGroupsRequest
    readonly response: DescribeGroupsResponse
  }
  readonly EndTxn: { readonly request: EndTxnRequest; readonly response: EndTxnResponse }
  readonly Fetch: { readonly request: FetchRequest; readonly response: FetchResponse }
  readonly FindCoordinator: {
    readonly request: FindCoordinatorRequest
    readonly response: FindCoordinatorResponse
  }
  readonly Heartbeat: { readonly request: HeartbeatRequest; readonly response: HeartbeatResponse }
  readonly IncrementalAlterConfigs: {
    readonly request: IncrementalAlterConfigsRequest
    readonly response: IncrementalAlterConfigsResponse
  }
  readonly InitProducerId: {
    readonly request: InitProducerIdRequest
    readonly response: InitProducerIdResponse
  }
  readonly JoinGroup: { readonly request: JoinGroupRequest; readonly response: JoinGroupResponse }
  readonly LeaveGroup: {
    readonly request: LeaveGroupRequest
    readonly response: LeaveGroupResponse
  }
  readonly ListGroups: {
    readonly request: ListGroupsRequest
    readonly response: ListGroupsResponse
  }
  readonly ListOffsets: {
    readonly request: ListOffsetsRequest
    readonly response: ListOffsetsResponse
  }
  readonly Metadata: { readonly request: MetadataRequest; readonly response: MetadataResponse }
  readonly OffsetCommit: {
    readonly request: OffsetCommitRequest
    readonly response: OffsetCommitResponse
  }
  readonly OffsetFetch: {
    readonly request: OffsetFetchRequest
    readonly response: OffsetFetchResponse
  }
  readonly Produce: { readonly request: ProduceRequest; readonly response: ProduceResponse }
  readonly SyncGroup: { readonly request: SyncGroupRequest; readonly response: SyncGroupResponse }
  readonly TxnOffsetCommit: {
    readonly request: TxnOffsetCommitRequest
    readonly response: TxnOffsetCommitResponse
  }
}

/** Name of a request. */
export type ApiName = keyof ApiMessages

export * from './add-offsets-to-txn.ts'
export * from './add-partitions-to-txn.ts'
export * from './api-versions.ts'
export * from './create-partitions.ts'
export * from './create-topics.ts'
export * from './delete-groups.ts'
export * from './delete-records.ts'
export * from './delete-topics.ts'
export * from './describe-configs.ts'
export * from './describe-groups.ts'
export * from './end-txn.ts'
export * from './fetch.ts'
export * from './find-coordinator.ts'
export * from './heartbeat.ts'
export * from './incremental-alter-configs.ts'
export * from './init-producer-id.ts'
export * from './join-group.ts'
export * from './leave-group.ts'
export * from './list-groups.ts'
export * from './list-offsets.ts'
export * from './metadata.ts'
export * from './offset-commit.ts'
export * from './offset-fetch.ts'
export * from './produce.ts'
export * from './sync-group.ts'
export * from './txn-offset-commit.ts'
