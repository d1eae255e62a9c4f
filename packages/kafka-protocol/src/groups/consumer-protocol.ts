import { CorruptionError } from '@varve/base'

import { WireReader } from '../primitives/wire-reader.ts'
import { WireWriter } from '../primitives/wire-writer.ts'

/** Protocol type under which consumers join groups. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer'

/** Partitions of one topic. */
export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** What a member tells the leader: Java's framing, so that broker tools can read it; the rest is in `userData`. */
export interface ConsumerSubscription {
  readonly topics: readonly string[]
  readonly userData: Uint8Array | null
  /** What the member holds while it asks. Absent in version 0, then empty. */
  readonly owned: readonly TopicPartitions[]
}

/** What the leader decided for one member. */
export interface ConsumerAssignment {
  readonly partitions: readonly TopicPartitions[]
  readonly userData: Uint8Array | null
}

/** Version 1: version i16, [topic], userData, owned [topic [partition]]. */
export function encodeConsumerSubscription(subscription: ConsumerSubscription): Uint8Array {
  const writer = new WireWriter({ flexible: false })
  writer.int16(1)
  writer.arrayLength(subscription.topics.length)
  for (const topic of subscription.topics) writer.string(topic)
  writer.bytes(subscription.userData)
  writeTopicPartitions(writer, subscription.owned)
  return writer.finish()
}

/** Reads any version; what versions above 1 append is left alone. @throws CorruptionError when cut off. */
export function decodeConsumerSubscription(bytes: Uint8Array): ConsumerSubscription {
  const reader = new WireReader(bytes, { flexible: false })
  const version = readVersion(reader)
  const topics: string[] = []
  for (let left = reader.arrayLength(); left > 0; left--) topics.push(readName(reader))
  const userData = reader.bytes()
  return { topics, userData, owned: version >= 1 ? readTopicPartitions(reader) : [] }
}

/** Version 1: version i16, [topic [partition]], userData. */
export function encodeConsumerAssignment(assignment: ConsumerAssignment): Uint8Array {
  const writer = new WireWriter({ flexible: false })
  writer.int16(1)
  writeTopicPartitions(writer, assignment.partitions)
  writer.bytes(assignment.userData)
  return writer.finish()
}

/** Reads any version. No bytes at all, as a member gets when the leader left it out, are an empty assignment. */
export function decodeConsumerAssignment(bytes: Uint8Array): ConsumerAssignment {
  if (bytes.length === 0) return { partitions: [], userData: null }
  const reader = new WireReader(bytes, { flexible: false })
  readVersion(reader)
  const partitions = readTopicPartitions(reader)
  return { partitions, userData: reader.bytes() }
}

function readVersion(reader: WireReader): number {
  const version = reader.int16()
  if (version < 0) throw new CorruptionError(`consumer protocol version ${version}`)
  return version
}

function readName(reader: WireReader): string {
  const name = reader.string()
  if (name === null) throw new CorruptionError(`topic without a name at byte ${reader.position}`)
  return name
}

function writeTopicPartitions(writer: WireWriter, topics: readonly TopicPartitions[]): void {
  writer.arrayLength(topics.length)
  for (const { topic, partitions } of topics) {
    writer.string(topic)
    writer.arrayLength(partitions.length)
    for (const partition of partitions) writer.int32(partition)
  }
}

function readTopicPartitions(reader: WireReader): TopicPartitions[] {
  const topics: TopicPartitions[] = []
  for (let left = reader.arrayLength(); left > 0; left--) {
    const topic = readName(reader)
    const partitions: number[] = []
    for (let count = reader.arrayLength(); count > 0; count--) partitions.push(reader.int32())
    topics.push({ topic, partitions })
  }
  return topics
}
