import type { ConsumerRecord } from '@varve/kafka'

import type { TopicCodec } from '../codec/topic-codec.ts'
import { recordsDifference, type ActualRecord } from '../compare/compare-records.ts'
import type { CaseRecord } from '../suite/case.ts'

/**
 * Why the records of a topic are not those expected. The order within a partition counts, between partitions it has none; headers are not
 * looked at.
 */
export function outputsDifference(
  topic: string,
  expected: readonly CaseRecord[],
  records: readonly ConsumerRecord[],
  codec: TopicCodec,
): string | undefined {
  const actual = records.map((record) => ({
    partition: record.partition,
    decoded: decode(record, codec),
  }))
  if (actual.length !== expected.length) {
    return recordsDifference(
      topic,
      expected,
      actual.map(({ decoded }) => decoded),
    )
  }
  const heads = new Map(Map.groupBy(actual, ({ partition }) => partition))
  for (const wanted of expected) {
    const candidates = [...heads.values()].filter((queue) => queue.length > 0)
    const match = candidates.find(
      ([head]) => recordsDifference(topic, [wanted], [head!.decoded]) === undefined,
    )
    if (match === undefined) {
      return `outputs: ${recordsDifference(topic, [wanted], [candidates[0]![0]!.decoded])}`
    }
    match.shift()
  }
  return undefined
}

function decode(record: ConsumerRecord, codec: TopicCodec): ActualRecord {
  return {
    key: codec.decodeKey(record.key),
    value: codec.decodeValue(record.value),
    timestamp: record.timestamp,
    headers: [],
  }
}
