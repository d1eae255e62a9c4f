import { VarveError } from '@varve/base'
import type { Admin, TopicPartition } from '@varve/kafka'

import { inputNumber } from '../state/numbers.ts'
import { restoreObservedTimes } from '../state/observed-times.ts'
import type { TaskState } from '../state/task-state.ts'
import { partitionKey } from './task-id.ts'

/** Committed input offsets were set back behind what the state already contains. */
export class OffsetsResetError extends VarveError {
  readonly topic: string
  readonly partition: number

  constructor(partition: TopicPartition, committed: number, stored: number) {
    super(
      'VARVE_ABORTED',
      `the group's offset of ${partitionKey(partition)} is ${committed}, but the state contains its records up to ${stored}: drop the state too, or set the offset back`,
    )
    this.topic = partition.topic
    this.partition = partition.partition
  }
}

/** An input partition, the state that knows of it, and where it starts without any offset. */
export interface InputToPlace extends TopicPartition {
  readonly state: TaskState
  readonly offsetReset: 'earliest' | 'latest'
}

/**
 * Where each input goes on: the stable committed offset; the state's own where the group's has expired; else by reset policy.
 * Also brings operators' times back from the offsets' metadata where the state has none.
 *
 * @throws OffsetsResetError under exactly once, when the group's offset is behind the state
 */
export async function placeInputs(
  admin: Admin,
  groupId: string,
  inputs: readonly InputToPlace[],
  exactlyOnce: boolean,
): Promise<Map<string, number>> {
  const positions = new Map<string, number>()
  if (inputs.length === 0) return positions
  const partitions = inputs.map(({ topic, partition }) => ({ topic, partition }))
  const committed = new Map(
    (await admin.committedOffsets(groupId, partitions)).map((at) => [partitionKey(at), at]),
  )
  const unknown: InputToPlace[] = []
  for (const input of inputs) {
    const key = partitionKey(input)
    const stored = input.state.committedNumber(inputNumber(key))
    const group = committed.get(key)
    if (group?.metadata !== undefined) restoreObservedTimes(input.state, group.metadata)
    if (group === undefined && stored === undefined) unknown.push(input)
    else if (group === undefined) positions.set(key, stored!)
    else {
      if (stored !== undefined && stored > group.offset && exactlyOnce) {
        throw new OffsetsResetError(input, group.offset, stored)
      }
      positions.set(key, Math.max(group.offset, stored ?? 0))
    }
  }
  const earliest = unknown.filter((input) => input.offsetReset === 'earliest')
  const latest = unknown.filter((input) => input.offsetReset === 'latest')
  const found = [
    ...(earliest.length === 0 ? [] : await admin.startOffsets(earliest)),
    ...(latest.length === 0 ? [] : await admin.endOffsets(latest, 'read_committed')),
  ]
  for (const at of found) positions.set(partitionKey(at), at.offset)
  return positions
}
