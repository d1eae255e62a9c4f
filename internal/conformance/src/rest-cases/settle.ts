import { setTimeout as sleep } from 'node:timers/promises'

import type { Kafka } from '@varve/kafka'

import { CaseFailure } from '../verdict.ts'
import { readTopic } from './read-topic.ts'

const pollIntervalMs = 20
const timeoutMs = 20_000

/** A persistent query and a topic that it reads. */
export interface QueryInput {
  readonly queryId: string
  readonly topic: string
}

/** Waits until every query has committed all that its topics hold, repartition topics included. @throws CaseFailure */
export async function settle(kafka: Kafka, inputs: readonly QueryInput[]): Promise<void> {
  const deadline = performance.now() + timeoutMs
  let before = ''
  for (;;) {
    const state = await progress(kafka, inputs)
    // The same twice: what one query wrote in between is seen by those behind it.
    if (state.behind === undefined && state.ends === before) return
    before = state.behind === undefined ? state.ends : ''
    if (performance.now() > deadline) {
      throw new CaseFailure(`the queries did not take in what was written: ${state.behind}`)
    }
    await sleep(pollIntervalMs)
  }
}

async function progress(
  kafka: Kafka,
  inputs: readonly QueryInput[],
): Promise<{ readonly behind: string | undefined; readonly ends: string }> {
  const groups = await kafka.admin.listGroups()
  const topics = await kafka.admin.listTopics()
  const ends: string[] = []
  let behind: string | undefined
  for (const { queryId, topic } of withInternal(inputs, topics)) {
    const lastByPartition = new Map<number, number>()
    for (const { partition, offset } of await readTopic(kafka, topic)) {
      lastByPartition.set(partition, Math.max(lastByPartition.get(partition) ?? 0, offset + 1))
    }
    ends.push(`${topic} ${[...lastByPartition].join(' ')}`)
    if (lastByPartition.size === 0) continue
    const group = groups.find((name) => name.endsWith(`query_${queryId}`))
    const partitions = Array.from(lastByPartition.keys(), (partition) => ({ topic, partition }))
    const committed =
      group === undefined ? [] : await kafka.admin.committedOffsets(group, partitions)
    for (const [partition, end] of lastByPartition) {
      const offset = committed.find((each) => each.partition === partition)?.offset ?? 0
      if (offset < end) behind = `${queryId} is at ${offset} of ${end} in ${topic}-${partition}`
    }
  }
  return { behind, ends: ends.join('\n') }
}

function withInternal(
  inputs: readonly QueryInput[],
  topics: readonly { readonly name: string }[],
): QueryInput[] {
  const all = new Map(inputs.map((input) => [`${input.queryId} ${input.topic}`, input]))
  for (const { queryId } of inputs) {
    for (const { name } of topics) {
      if (name.includes(`query_${queryId}-`) && name.endsWith('-repartition')) {
        all.set(`${queryId} ${name}`, { queryId, topic: name })
      }
    }
  }
  return [...all.values()]
}
