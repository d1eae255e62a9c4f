import { RecordBatchBuilder, readBatchHeaders, decodeRecordBatch } from '@varve/kafka-protocol'
import type { ApiMessages, ApiName, BatchStamp, FetchedPartition } from '@varve/kafka-protocol'

import type { EmbeddedBroker } from '../src/index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Bytes of a text; `null` stays. */
export function bytesOf(text: string | null): Uint8Array | null {
  return text === null ? null : encoder.encode(text)
}

/** A record as tests write it: key, value, time. */
export type TestRecord = readonly [key: string | null, value: string | null, timestampMs?: number]

/** One batch of records. */
export function batchOf(records: readonly TestRecord[], stamp: BatchStamp = {}): Uint8Array {
  const builder = new RecordBatchBuilder()
  for (const [key, value, timestampMs] of records) {
    builder.append(timestampMs ?? 1_000, bytesOf(key), bytesOf(value))
  }
  return builder.build(stamp)
}

/** Sends to any node. */
export function ask<A extends ApiName>(
  broker: EmbeddedBroker,
  api: A,
  request: ApiMessages[A]['request'],
): Promise<ApiMessages[A]['response']> {
  return broker.send({ kind: 'any' }, api, request)
}

/** Makes a topic. */
export async function createTopic(
  broker: EmbeddedBroker,
  name: string,
  configs: Readonly<Record<string, string>> = {},
  partitionCount = 1,
): Promise<number> {
  const { topics } = await ask(broker, 'CreateTopics', {
    topics: [
      {
        name,
        partitionCount,
        replicationFactor: 1,
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
    timeoutMs: 1000,
    validateOnly: false,
  })
  return topics[0]!.errorCode
}

/** Produces one batch to partition 0 (or another). */
export async function produce(
  broker: EmbeddedBroker,
  topic: string,
  records: Uint8Array,
  transactionalId: string | null = null,
  partition = 0,
): Promise<ApiMessages['Produce']['response']['topics'][number]['partitions'][number]> {
  const { topics } = await ask(broker, 'Produce', {
    transactionalId,
    acks: -1,
    timeoutMs: 1000,
    topics: [{ topic, partitions: [{ partition, records }] }],
  })
  return topics[0]!.partitions[0]!
}

/** Fetches partition 0 without waiting. */
export async function fetch(
  broker: EmbeddedBroker,
  topic: string,
  fetchOffset = 0,
  options: { readonly readCommitted?: boolean; readonly maxBytes?: number } = {},
): Promise<FetchedPartition> {
  const { topics } = await ask(broker, 'Fetch', {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: options.maxBytes ?? 50_000_000,
    isolationLevel: options.readCommitted === true ? 1 : 0,
    topics: [
      {
        topic,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: -1,
            fetchOffset,
            maxBytes: options.maxBytes ?? 50_000_000,
          },
        ],
      },
    ],
  })
  return topics[0]!.partitions[0]!
}

/** Records as a reader sees them: control batches left out, aborted ones too when the answer names them. */
export function visible(
  fetched: FetchedPartition,
  from = 0,
): { readonly offset: number; readonly key: string | null; readonly value: string | null }[] {
  const found = []
  const aborted = [...fetched.abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset)
  const open = new Set<number>()
  for (const { header, position } of readBatchHeaders(fetched.records)) {
    while (aborted.length > 0 && aborted[0]!.firstOffset <= header.lastOffset) {
      open.add(aborted.shift()!.producerId)
    }
    if (header.isControl) {
      open.delete(header.producerId)
      continue
    }
    if (header.isTransactional && open.has(header.producerId)) continue
    for (const record of decodeRecordBatch(fetched.records, position)) {
      if (record.offset < from) continue
      found.push({
        offset: record.offset,
        key: record.key === null ? null : decoder.decode(record.key),
        value: record.value === null ? null : decoder.decode(record.value),
      })
    }
  }
  return found
}

/** Everything of a topic from an offset on, over as many fetches as it takes. */
export async function readAll(
  broker: EmbeddedBroker,
  topic: string,
  options: { readonly readCommitted?: boolean; readonly maxBytes?: number } = {},
): Promise<
  { readonly offset: number; readonly key: string | null; readonly value: string | null }[]
> {
  const found = []
  let offset = (await fetch(broker, topic, 0, options)).logStartOffset
  for (;;) {
    const fetched = await fetch(broker, topic, offset, options)
    if (fetched.errorCode !== 0) throw new Error(`error ${fetched.errorCode}`)
    found.push(...visible(fetched, offset))
    let next = offset
    for (const { header } of readBatchHeaders(fetched.records)) next = header.lastOffset + 1
    if (next === offset) return found
    offset = next
  }
}
