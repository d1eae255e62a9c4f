import type { ConsumerRecord, Kafka } from '@varve/kafka'
import type { Row } from '@varve/serde'
import type { CompiledExpression, CompiledPredicate, PullPlan } from '@varve/sql'
import type { Serde, TimestampExtractor } from '@varve/streams'

import type { ResultRow } from '../engine/query-types.ts'
import type { PlanKey } from '../lowering/flow.ts'
import { RecordEvaluation } from '../lowering/record-evaluation.ts'
import { decodeSide } from './subscription.ts'
import { readTopic } from './topic-tail.ts'

/** What a pull query over a stream reads. */
export interface StreamPullRead {
  readonly kafka: Kafka
  readonly plan: PullPlan
  readonly topic: string
  readonly keySerde: Serde<PlanKey>
  readonly valueSerde: Serde<Row | null>
  /** Time of a record, where a column says it. One without time is left out. */
  readonly timestamp: TimestampExtractor<PlanKey, Row | null> | undefined
  readonly filter: CompiledPredicate | undefined
  readonly output: readonly CompiledExpression[]
  readonly signal: AbortSignal
  readonly onUndecodable: (record: ConsumerRecord, error: unknown) => void
  readonly onFailure: (error: unknown) => void
}

/** Answers a pull query over a stream: its topic from the beginning to the end it had when the query began. */
export async function* readStreamPull(read: StreamPullRead): AsyncGenerator<readonly ResultRow[]> {
  const evaluation = new RecordEvaluation(read.plan.windowed, (error) => read.onFailure(error))
  let rest = read.plan.limit ?? Infinity
  if (rest === 0) return
  const batches = readTopic(read.kafka, read.topic, {
    from: 'earliest',
    toCurrentEnd: true,
    signal: read.signal,
  })
  for await (const { records } of batches) {
    const rows: ResultRow[] = []
    for (const record of records) {
      let key: PlanKey
      let value: Row | null
      try {
        key = await decodeSide(read.keySerde, record.key)
        value = await decodeSide(read.valueSerde, record.value)
      } catch (error) {
        read.onUndecodable(record, error)
        continue
      }
      if (value === null) continue
      const timestamp = read.timestamp?.(key, value, record) ?? record.timestamp
      if (!Number.isFinite(timestamp) || timestamp < 0) continue
      const timed = read.timestamp === undefined ? record : { ...record, timestamp }
      const keyRow = evaluation.moveTo(key, timed)
      if (read.filter !== undefined && !read.filter(keyRow, value, evaluation)) continue
      rows.push({
        values: read.output.map((column) => column(keyRow, value, evaluation)),
        tombstone: false,
      })
      rest -= 1
      if (rest === 0) break
    }
    if (rows.length > 0) yield rows
    if (rest === 0) return
  }
}
