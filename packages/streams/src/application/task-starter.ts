import type { Consumer } from '@varve/kafka'

import type { CacheBudget } from '../state/cache.ts'
import { familiesOf } from '../state/open-store.ts'
import { TaskState } from '../state/task-state.ts'
import type { RecordCollector } from '../task/record-collector.ts'
import { StreamTask, type TaskInput } from '../task/stream-task.ts'
import { placeInputs, type InputToPlace } from './input-positions.ts'
import { topicName } from './internal-topics.ts'
import { restoreTasks } from './restore.ts'
import { formatTaskId, partitionKey, type TaskId } from './task-id.ts'
import type { WorkerCounters, WorkerEnvironment } from './worker-environment.ts'

/** What tasks are started with. */
export interface TaskStarterParts {
  readonly environment: WorkerEnvironment
  readonly counters: WorkerCounters
  readonly budget: CacheBudget
  readonly consumer: Consumer
  readonly collector: RecordCollector
  /** Fires when the tasks are no longer wanted. */
  readonly signal: AbortSignal
}

/** Tasks ready to run, and where their inputs stand. */
export interface StartedTasks {
  readonly tasks: ReadonlyMap<string, StreamTask>
  /** Committed input positions, by topic and partition. */
  readonly positions: ReadonlyMap<string, number>
}

/**
 * Opens the tasks' databases, restores their stores and places their inputs, in this order: all or none.
 * The producer must have fenced its predecessor before.
 */
export async function startTasks(
  wanted: readonly TaskId[],
  parts: TaskStarterParts,
): Promise<StartedTasks> {
  const { options } = parts.environment
  const { topology, applicationId, storage } = options
  const states = new Map<string, TaskState>()
  try {
    for (const task of wanted) {
      const id = formatTaskId(task)
      const families = topology.subTopologies[task.subTopology]!.stores.flatMap(familiesOf)
      const db = await storage.open(applicationId, id, ['default', ...families])
      states.set(id, new TaskState(db))
    }
    await restore(wanted, states, parts)
    return await place(wanted, states, parts)
  } catch (error) {
    for (const state of states.values()) await state.db.close()
    throw error
  }
}

async function restore(
  wanted: readonly TaskId[],
  states: ReadonlyMap<string, TaskState>,
  { environment, counters, signal }: TaskStarterParts,
): Promise<void> {
  const { options, clock } = environment
  counters.restored += await restoreTasks(
    wanted.map((task) => ({
      taskId: formatTaskId(task),
      partition: task.partition,
      stores: options.topology.subTopologies[task.subTopology]!.stores,
      state: states.get(formatTaskId(task))!,
    })),
    {
      applicationId: options.applicationId,
      kafka: options.kafka,
      clock,
      signal,
      onProgress: (progress) => options.onRestore?.(progress),
    },
  )
}

async function place(
  wanted: readonly TaskId[],
  states: ReadonlyMap<string, TaskState>,
  parts: TaskStarterParts,
): Promise<StartedTasks> {
  const { options, exactlyOnce } = parts.environment
  const inputs = new Map(wanted.map((task) => [task, inputsOf(task, parts.environment)]))
  const toPlace: InputToPlace[] = [...inputs].flatMap(([task, partitions]) =>
    partitions.map(({ source, brokerTopic, partition }) => ({
      topic: brokerTopic,
      partition,
      state: states.get(formatTaskId(task))!,
      offsetReset: source.offsetReset ?? options.offsetReset ?? 'earliest',
    })),
  )
  const { admin } = options.kafka
  const positions = await placeInputs(admin, options.applicationId, toPlace, exactlyOnce)
  const tasks = new Map<string, StreamTask>()
  for (const [task, partitions] of inputs) {
    const placed = partitions.map((input) => {
      const at = { topic: input.brokerTopic, partition: input.partition }
      return { ...input, position: positions.get(partitionKey(at)) ?? 0 }
    })
    const id = formatTaskId(task)
    tasks.set(id, createTask(task, states.get(id)!, placed, parts))
  }
  return { tasks, positions }
}

function createTask(
  task: TaskId,
  state: TaskState,
  inputs: readonly TaskInput[],
  { environment, counters, budget, consumer, collector }: TaskStarterParts,
): StreamTask {
  const { options, clock, listener, watched } = environment
  const created = new StreamTask({
    applicationId: options.applicationId,
    taskId: formatTaskId(task),
    partition: task.partition,
    sub: options.topology.subTopologies[task.subTopology]!,
    state,
    budget,
    collector,
    emitIntervalMs: options.emitIntervalMs ?? 1_000,
    wallClock: () => clock.now(),
    idleMsMax: options.taskIdleMsMax ?? 0,
    inputs,
    deadLetter: options.deadLetter,
    onDrop: (reason) => counters.drops.set(reason, (counters.drops.get(reason) ?? 0) + 1),
    onSkipped: (skipped) => {
      counters.skipped++
      listener.onSkipped(skipped)
    },
    mayHaveMore: (topic, partition, position) => {
      const end = consumer.knownEnd({ topic, partition })
      return end === undefined || position < end
    },
  })
  for (const node of watched) created.graph.watched.add(node)
  return created
}

function inputsOf(
  task: TaskId,
  { options, partitions }: WorkerEnvironment,
): Omit<TaskInput, 'position'>[] {
  const { topology, applicationId } = options
  const sub = topology.subTopologies[task.subTopology]!
  return sub.sources.flatMap((source) =>
    source.topics
      .filter((topic) => (partitions.byTopic.get(topic) ?? 0) > task.partition)
      .map((topic) => ({
        source,
        topic,
        brokerTopic: topicName(topology, applicationId, topic),
        partition: task.partition,
      })),
  )
}
