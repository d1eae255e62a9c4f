import { UnsupportedError } from '@varve/base'

import type { CoordinatorRecord } from '../coordinator/internal-topic.ts'
import { WireReader, WireWriter } from '../coordinator/wire.ts'

/** Key of a record of `__consumer_offsets`. */
export type GroupRecordKey =
  | {
      readonly kind: 'offset'
      readonly groupId: string
      readonly topic: string
      readonly partition: number
    }
  | { readonly kind: 'group'; readonly groupId: string }

/** A committed offset. */
export interface CommittedOffset {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  readonly committedMs: number
}

/** A member as it is stored. */
interface StoredMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** What the member said of itself under the chosen protocol. */
  readonly subscription: Uint8Array
  readonly assignment: Uint8Array
}

/** A group as it is stored at the begin of each stable generation, and when it becomes empty. */
export interface StoredGroup {
  readonly protocolType: string
  readonly generation: number
  readonly protocol: string | null
  readonly leader: string | null
  readonly stateMs: number
  readonly members: readonly StoredMember[]
}

/** Encodes a key: version i16 = 1, group, topic, partition i32 for offsets; version i16 = 2, group for group metadata. */
export function encodeGroupKey(key: GroupRecordKey): Uint8Array {
  if (key.kind === 'group') return new WireWriter().int16(2).string(key.groupId).finish()
  return new WireWriter()
    .int16(1)
    .string(key.groupId)
    .string(key.topic)
    .int32(key.partition)
    .finish()
}

/** Decodes a key. @throws UnsupportedError for kinds of newer brokers. */
export function decodeGroupKey(bytes: Uint8Array): GroupRecordKey {
  const reader = new WireReader(bytes)
  const version = reader.int16()
  if (version === 0 || version === 1) {
    return {
      kind: 'offset',
      groupId: reader.string(),
      topic: reader.string(),
      partition: reader.int32(),
    }
  }
  if (version === 2) return { kind: 'group', groupId: reader.string() }
  throw new UnsupportedError(`version ${version} of a key in __consumer_offsets`)
}

/** Encodes a committed offset: version i16 = 3, offset i64, leader epoch i32, metadata, commit time i64. */
export function encodeOffset(offset: CommittedOffset): Uint8Array {
  return new WireWriter()
    .int16(3)
    .int64(offset.offset)
    .int32(offset.leaderEpoch)
    .string(offset.metadata)
    .int64(offset.committedMs)
    .finish()
}

/** Decodes a committed offset, versions 0 to 3. */
export function decodeOffset(bytes: Uint8Array): CommittedOffset {
  const reader = new WireReader(bytes)
  const version = reader.int16()
  if (version < 0 || version > 3) {
    throw new UnsupportedError(`version ${version} of a committed offset`)
  }
  const offset = reader.int64()
  const leaderEpoch = version === 3 ? reader.int32() : -1
  return { offset, leaderEpoch, metadata: reader.string(), committedMs: reader.int64() }
}

/**
 * Encodes a group: version i16 = 3, protocol type, generation i32, protocol, leader, state time i64, members (id, instance id, client id, client host,
 * rebalance time-out i32, session time-out i32, subscription bytes, assignment bytes).
 */
export function encodeGroup(group: StoredGroup): Uint8Array {
  const writer = new WireWriter()
    .int16(3)
    .string(group.protocolType)
    .int32(group.generation)
    .string(group.protocol)
    .string(group.leader)
    .int64(group.stateMs)
  return writer
    .array(group.members, (member) =>
      writer
        .string(member.memberId)
        .string(member.groupInstanceId)
        .string(member.clientId)
        .string(member.clientHost)
        .int32(member.rebalanceTimeoutMs)
        .int32(member.sessionTimeoutMs)
        .bytes(member.subscription)
        .bytes(member.assignment),
    )
    .finish()
}

/** Decodes a group, version 3. */
export function decodeGroup(bytes: Uint8Array): StoredGroup {
  const reader = new WireReader(bytes)
  const version = reader.int16()
  if (version !== 3) throw new UnsupportedError(`version ${version} of a group record`)
  return {
    protocolType: reader.string(),
    generation: reader.int32(),
    protocol: reader.nullableString(),
    leader: reader.nullableString(),
    stateMs: reader.int64(),
    members: reader.array(() => ({
      memberId: reader.string(),
      groupInstanceId: reader.nullableString(),
      clientId: reader.string(),
      clientHost: reader.string(),
      rebalanceTimeoutMs: reader.int32(),
      sessionTimeoutMs: reader.int32(),
      subscription: reader.bytes(),
      assignment: reader.bytes(),
    })),
  }
}

/** A record that deletes a key. */
export function tombstone(key: GroupRecordKey): CoordinatorRecord {
  return { key: encodeGroupKey(key), value: null }
}
