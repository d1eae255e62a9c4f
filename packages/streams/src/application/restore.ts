import { VarveError, type Clock } from '@varve/base'
import type { Admin, Consumer, Kafka, TopicPartition } from '@varve/kafka'

import { changelogNumber } from '../state/numbers.ts'
import { familiesOf } from '../state/open-store.ts'
import type { StoreBuilder } from '../state/store-builder.ts'
import { StoreRestorer } from '../state/store-restorer.ts'
import type { TaskState } from '../state/task-state.ts'
import { changelogTopic } from './internal-topics.ts'
import type { RestoreProgress } from './options.ts'
import { partitionKey } from './task-id.ts'

/** A changelog does not hold what the store's own position says it must. */
export class ChangelogLostError extends VarveError {
  readonly topic: string
  readonly partition: number

  constructor(topic: string, partition: number, position: number, end: number) {
    super(
      'VARVE_KAFKA',
      `changelog ${topic}-${partition} ends at ${end}, but the store already holds its records up to ${position}: it was lost or made anew`,
    )
    this.topic = topic
    this.partition = partition
  }
}

/** A task whose stores are to be brought up to their changelogs. */
export interface RestoreTask {
  readonly taskId: string
  readonly partition: number
  readonly stores: readonly StoreBuilder[]
  readonly state: TaskState
}

interface Restoring extends TopicPartition {
  readonly task: RestoreTask
  readonly store: StoreBuilder
  readonly restorer: StoreRestorer
  position: number
  readonly end: number
  records: number
}

/** What a restore needs of the application. */
export interface RestoreEnvironment {
  readonly applicationId: string
  readonly kafka: Kafka
  readonly clock: Clock
  readonly onProgress: (progress: RestoreProgress) => void
  /** Fires when the tasks are no longer wanted. */
  readonly signal: AbortSignal
}

/** Milliseconds after which a restore that makes no progress gives up: longer than any transaction of ours may hang. */
const stallMsMax = 120_000

async function positions(
  admin: Admin,
  applicationId: string,
  tasks: readonly RestoreTask[],
): Promise<Restoring[]> {
  const wanted = tasks.flatMap((task) =>
    task.stores
      .filter((store) => store.logging)
      .map((store) => ({
        task,
        store,
        topic: changelogTopic(applicationId, store.name),
        partition: task.partition,
      })),
  )
  if (wanted.length === 0) return []
  const byKey = (offsets: readonly (TopicPartition & { readonly offset: number })[]) =>
    new Map(offsets.map((at) => [partitionKey(at), at.offset]))
  const ends = byKey(await admin.endOffsets(wanted, 'read_uncommitted'))
  const starts = byKey(await admin.startOffsets(wanted))
  return wanted.map((at) => {
    const end = ends.get(partitionKey(at)) ?? 0
    const start = starts.get(partitionKey(at)) ?? 0
    let position = at.task.state.committedNumber(changelogNumber(at.store.name)) ?? 0
    if (position > end) throw new ChangelogLostError(at.topic, at.partition, position, end)
    if (position < start) {
      if (position > 0) {
        for (const family of familiesOf(at.store)) at.task.state.db.clear(family)
      }
      position = start
    }
    const restorer = new StoreRestorer(at.task.state, at.store)
    return { ...at, restorer, position, end, records: 0 }
  })
}

/**
 * Reads changelogs, read committed, from each store's own position up to the end that they had at the start; rows and position are
 * written together. The end is a position, not a record: the last offset usually holds a transaction's marker.
 *
 * @returns Number of records restored.
 */
export async function restoreTasks(
  tasks: readonly RestoreTask[],
  environment: RestoreEnvironment,
): Promise<number> {
  const { kafka, applicationId, clock, signal } = environment
  const all = await positions(kafka.admin, applicationId, tasks)
  const left = new Map(all.filter((at) => at.position < at.end).map((at) => [partitionKey(at), at]))
  if (left.size === 0) return 0
  await using consumer = kafka.consumer({
    isolationLevel: 'read_committed',
    onOutOfRange: 'earliest',
  })
  consumer.assign(
    [...left.values()].map(({ topic, partition, position }) => ({
      topic,
      partition,
      offset: position,
    })),
  )
  let progressAt = clock.monotonicMs()
  while (left.size > 0) {
    signal.throwIfAborted()
    const moved = await restoreChunk(consumer, left, environment)
    if (moved) progressAt = clock.monotonicMs()
    else if (clock.monotonicMs() - progressAt > stallMsMax) {
      const [stuck] = left.values()
      throw new VarveError(
        'VARVE_TIMEOUT',
        `restore of ${stuck!.topic}-${stuck!.partition} makes no progress at ${stuck!.position} of ${stuck!.end}`,
      )
    }
  }
  return all.reduce((sum, at) => sum + at.records, 0)
}

async function restoreChunk(
  consumer: Consumer,
  left: Map<string, Restoring>,
  environment: RestoreEnvironment,
): Promise<boolean> {
  const fetched = await consumer.poll({ timeoutMs: 100, signal: environment.signal })
  let moved = false
  for (const { topic, partition, records, nextOffset } of fetched) {
    const key = partitionKey({ topic, partition })
    const at = left.get(key)
    if (at === undefined) continue
    for (const record of records) {
      if (record.key === null) continue
      const rowKey = new Uint8Array(record.key)
      const value = record.value === null ? null : new Uint8Array(record.value)
      at.restorer.put(rowKey, value, record.timestamp)
    }
    if (nextOffset > at.position) moved = true
    at.position = nextOffset
    at.records += records.length
    at.task.state.commit(new Map([[changelogNumber(at.store.name), nextOffset]]))
    environment.onProgress({
      taskId: at.task.taskId,
      store: at.store.name,
      restoredRecords: at.records,
      position: at.position,
      endOffset: at.end,
    })
  }
  for (const [key, at] of left) {
    const position = consumer.position(at) ?? at.position
    if (position < at.end) continue
    if (position > at.position) {
      at.task.state.commit(new Map([[changelogNumber(at.store.name), position]]))
    }
    left.delete(key)
    consumer.pause([at])
  }
  return moved
}
