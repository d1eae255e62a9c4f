import { describe, expect, it } from 'vitest'

import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Serde } from '../serde.ts'
import { taskAssignor } from './task-assignor.ts'

const bytes: Serde<Uint8Array> = { serialize: (value) => value, deserialize: (value) => value! }
const serdes = { keySerde: bytes, valueSerde: bytes }

function assignorOf(localTasks: readonly string[] = []): ReturnType<typeof taskAssignor> {
  const builder = new StreamsBuilder()
  builder.stream('a', serdes).merge(builder.stream('b', serdes)).to('out')
  return taskAssignor({
    topology: builder.build(),
    applicationId: 'app',
    processId: 'p',
    host: undefined,
    localTasks: () => localTasks,
  })
}

const counts = new Map([
  ['a', 4],
  ['b', 2],
])

function member(
  memberId: string,
  localTasks: readonly string[] = [],
  owned: readonly number[] = [],
) {
  return {
    memberId,
    topics: ['a', 'b'],
    owned: owned.map((partition) => ({ topic: 'a', partition })),
    userData: assignorOf(localTasks).subscriptionUserData([]),
  }
}

function partitionsOfA(members: readonly ReturnType<typeof member>[]): Record<string, number[]> {
  const result = assignorOf().assign(members, counts)
  return Object.fromEntries(
    [...result].map(([id, { partitions }]) => [
      id,
      partitions.filter(({ topic }) => topic === 'a').map(({ partition }) => partition),
    ]),
  )
}

describe('taskAssignor', () => {
  it('keeps the partitions of a task together', () => {
    const [assigned] = assignorOf()
      .assign([member('m')], counts)
      .values()
    const { partitions } = assigned!
    expect(partitions.map(({ topic, partition }) => `${topic}${partition}`)).toEqual([
      'a0',
      'b0',
      'a1',
      'b1',
      'a2',
      'a3',
    ])
  })

  it('spreads evenly and leaves what it can with its owner', () => {
    expect(partitionsOfA([member('m', [], [0, 1, 2, 3]), member('n')])).toEqual({
      m: [0, 1],
      n: [2, 3],
    })
    expect(partitionsOfA([member('m', [], [2, 3]), member('n', [], [0, 1])])).toEqual({
      m: [2, 3],
      n: [0, 1],
    })
  })

  it('prefers the member that has the state on its disk', () => {
    expect(partitionsOfA([member('m'), member('n', ['0_0', '0_2'])])).toEqual({
      m: [1, 3],
      n: [0, 2],
    })
  })

  it('ignores user data of a version it does not know', () => {
    const strange = { ...member('m'), userData: Uint8Array.of(99, 1, 2) }
    expect(partitionsOfA([strange])).toEqual({ m: [0, 1, 2, 3] })
  })
})
