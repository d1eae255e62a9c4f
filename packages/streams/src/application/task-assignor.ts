import type { Assignor, TopicPartition } from '@varve/kafka'

import type { Topology } from '../topology/topology.ts'
import { formatTaskId, partitionKey, sourceTopicsOf } from './task-id.ts'

const version = 1

/** What a member tells the leader. After the version byte: JSON. */
interface MemberData {
  readonly processId: string
  /** Tasks with state on this member's disk. */
  readonly tasks: readonly string[]
  readonly host: string | undefined
}

/** What the leader tells each member: where every task runs. After the version byte: JSON. */
interface AssignmentData {
  readonly hosts: Readonly<Record<string, readonly string[]>>
}

function encode(data: MemberData | AssignmentData): Uint8Array {
  const json = Buffer.from(JSON.stringify(data))
  const bytes = new Uint8Array(json.length + 1)
  bytes[0] = version
  bytes.set(json, 1)
  return bytes
}

function decode<T>(bytes: Uint8Array | null): T | undefined {
  if (bytes === null || bytes[0] !== version) return undefined
  return JSON.parse(Buffer.from(bytes.subarray(1)).toString()) as T
}

/** What the assignor needs to know of its own member. */
export interface AssignorOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly processId: string
  readonly host: string | undefined
  /** Tasks with local state now. */
  readonly localTasks: () => readonly string[]
}

/**
 * Spreads tasks evenly: each to its present owner while that has room, then to a member with its state on disk, then to the least busy.
 */
export function taskAssignor(options: AssignorOptions): Assignor {
  const { topology, applicationId } = options
  return {
    name: 'varve-tasks',
    subscriptionUserData: () =>
      encode({ processId: options.processId, tasks: options.localTasks(), host: options.host }),
    assign(members, partitionCounts) {
      const tasks: { id: string; partitions: TopicPartition[] }[] = []
      for (const sub of topology.subTopologies) {
        const topics = sourceTopicsOf(topology, applicationId, sub)
        const count = Math.max(0, ...topics.map((topic) => partitionCounts.get(topic) ?? 0))
        for (let partition = 0; partition < count; partition++) {
          tasks.push({
            id: formatTaskId({ subTopology: sub.id, partition }),
            partitions: topics
              .filter((topic) => (partitionCounts.get(topic) ?? 0) > partition)
              .map((topic) => ({ topic, partition })),
          })
        }
      }
      const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
      const states = sorted.map((member) => {
        const data = decode<MemberData>(member.userData)
        return {
          memberId: member.memberId,
          owned: new Set(member.owned.map(partitionKey)),
          local: new Set(data?.tasks ?? []),
          host: data?.host ?? data?.processId ?? member.memberId,
          tasks: [] as (typeof tasks)[number][],
        }
      })
      const room = Math.ceil(tasks.length / Math.max(1, states.length))
      const least = (candidates: typeof states): (typeof states)[number] | undefined =>
        candidates
          .filter((state) => state.tasks.length < room)
          .reduce<(typeof states)[number] | undefined>(
            (best, state) =>
              best === undefined || state.tasks.length < best.tasks.length ? state : best,
            undefined,
          )
      const rest: typeof tasks = []
      for (const task of tasks) {
        const owner = least(
          states.filter((state) => task.partitions.some((p) => state.owned.has(partitionKey(p)))),
        )
        if (owner === undefined) rest.push(task)
        else owner.tasks.push(task)
      }
      for (const task of rest) {
        const chosen = least(states.filter((state) => state.local.has(task.id))) ?? least(states)
        chosen?.tasks.push(task)
      }
      const hosts = Object.fromEntries(
        states.map((state) => [state.host, state.tasks.map((task) => task.id)]),
      )
      const userData = encode({ hosts })
      return new Map(
        states.map((state) => [
          state.memberId,
          { partitions: state.tasks.flatMap((task) => task.partitions), userData },
        ]),
      )
    },
  }
}
