import { AbortedError, yieldToEventLoop, type Clock } from '@varve/base'
import type { OffsetToCommit, Producer } from '@varve/kafka'

import type { StreamTask } from '../task/stream-task.ts'
import type { CommittedChange } from './options.ts'
import type { WorkerEnvironment } from './worker-environment.ts'

/** Longest stretch of work before the event loop turns. */
export const sliceMsMax = 5

/** What a commit made final. */
export interface CommitResult {
  readonly offsets: readonly OffsetToCommit[]
  /** To be shown to subscribers, by task. */
  readonly changes: readonly (readonly (CommittedChange & { readonly node: string })[])[]
}

/**
 * Commits tasks: caches, changelogs and outputs, then input offsets, then local state. Under exactly once all that goes to the broker is
 * one transaction, and local state follows its success; a crash in between is made up from the changelog.
 *
 * @throws AbortedError when the membership of the group is gone
 */
export async function commitTasks(
  tasks: readonly StreamTask[],
  producer: Producer,
  { clock, exactlyOnce, options, group: groupOf }: WorkerEnvironment,
): Promise<CommitResult> {
  for (const task of tasks) await inSlices(task.flushCaches(), producer, clock)
  for (const task of tasks) await inSlices(task.logChanges(), producer, clock)
  await producer.flush()
  const offsets = tasks.flatMap((task) => task.offsets())
  const group = groupOf()
  if (group === undefined) throw new AbortedError('the group membership is gone')
  if (exactlyOnce) {
    await producer.sendOffsets(offsets, group)
    await producer.commitTransaction()
  }
  const changes = tasks.map((task) => task.applyCommit())
  if (exactlyOnce) producer.beginTransaction()
  else await options.kafka.admin.commitOffsets(offsets, group)
  return { offsets, changes }
}

/** Takes the steps of `work`, giving way to the event loop (and to the producer) every few milliseconds. */
async function inSlices(work: Generator<void>, producer: Producer, clock: Clock): Promise<void> {
  let end = clock.monotonicMs() + sliceMsMax
  for (const _ of work) {
    if (clock.monotonicMs() < end) continue
    await producer.ready()
    await yieldToEventLoop()
    end = clock.monotonicMs() + sliceMsMax
  }
}
