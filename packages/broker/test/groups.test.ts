import { VirtualClock } from '@varve/base/testing'
import { ErrorCode } from '@varve/kafka-protocol'
import type { ApiMessages } from '@varve/kafka-protocol'
import { MemoryFileSystem } from '@varve/vfs'
import { describe, expect, test } from 'vitest'

import { EmbeddedBroker } from '../src/index.ts'
import { ask, bytesOf, createTopic } from './support.ts'

type JoinAnswer = ApiMessages['JoinGroup']['response']

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** A member as a test moves it. */
class Member {
  memberId = ''
  generationId = -1
  readonly #broker: EmbeddedBroker
  readonly groupInstanceId: string | null

  constructor(broker: EmbeddedBroker, groupInstanceId: string | null = null) {
    this.#broker = broker
    this.groupInstanceId = groupInstanceId
  }

  async join(metadata = 'm', names: readonly string[] = ['range']): Promise<JoinAnswer> {
    const request = (): Promise<JoinAnswer> =>
      ask(this.#broker, 'JoinGroup', {
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 60_000,
        memberId: this.memberId,
        groupInstanceId: this.groupInstanceId,
        protocolType: 'consumer',
        protocols: names.map((name) => ({ name, metadata: bytesOf(metadata)! })),
      })
    let answer = await request()
    if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      this.memberId = answer.memberId
      answer = await request()
    }
    if (answer.errorCode === 0) {
      this.memberId = answer.memberId
      this.generationId = answer.generationId
    }
    return answer
  }

  async sync(assignments: Readonly<Record<string, string>> = {}): Promise<[number, string]> {
    const answer = await ask(this.#broker, 'SyncGroup', {
      groupId: 'g',
      generationId: this.generationId,
      memberId: this.memberId,
      groupInstanceId: this.groupInstanceId,
      assignments: Object.entries(assignments).map(([memberId, assignment]) => ({
        memberId,
        assignment: bytesOf(assignment)!,
      })),
    })
    return [answer.errorCode, text(answer.assignment)]
  }

  async heartbeat(): Promise<number> {
    const { memberId, generationId, groupInstanceId } = this
    const request = { groupId: 'g', memberId, generationId, groupInstanceId }
    return (await ask(this.#broker, 'Heartbeat', request)).errorCode
  }

  async leave(): Promise<number> {
    const { memberId, groupInstanceId } = this
    const request = { groupId: 'g', members: [{ memberId, groupInstanceId }] }
    return (await ask(this.#broker, 'LeaveGroup', request)).members[0]!.errorCode
  }

  async commit(offset: number): Promise<number> {
    const answer = await ask(this.#broker, 'OffsetCommit', {
      groupId: 'g',
      generationId: this.generationId,
      memberId: this.memberId,
      groupInstanceId: this.groupInstanceId,
      topics: [
        { topic: 'orders', partitions: [{ partition: 0, offset, leaderEpoch: -1, metadata: 'm' }] },
      ],
    })
    return answer.topics[0]!.partitions[0]!.errorCode
  }
}

async function committed(broker: EmbeddedBroker): Promise<number> {
  const answer = await ask(broker, 'OffsetFetch', {
    groupId: 'g',
    topics: [{ topic: 'orders', partitions: [0] }],
    requireStable: true,
  })
  return answer.topics[0]!.partitions[0]!.offset
}

async function stateOf(broker: EmbeddedBroker): Promise<string> {
  return (await ask(broker, 'DescribeGroups', { groupIds: ['g'] })).groups[0]!.state
}

describe('groups', () => {
  test('the leader assigns, the others get their part', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({ directory: ':memory:', clock })
    const a = new Member(broker)
    const first = await a.join()
    expect([first.generationId, first.leader]).toEqual([1, a.memberId])
    expect(await a.sync({ [a.memberId]: 'all' })).toEqual([0, 'all'])
    const b = new Member(broker)
    const joining = b.join()
    await clock.advance(10)
    expect(await a.heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    const again = await a.join()
    const other = await joining
    expect(again.members.map(({ memberId }) => memberId).sort()).toEqual(
      [a.memberId, b.memberId].sort(),
    )
    expect([other.generationId, other.leader, other.members]).toEqual([2, a.memberId, []])
    const waiting = b.sync()
    expect(await a.commit(1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    expect(await a.sync({ [a.memberId]: 'left', [b.memberId]: 'right' })).toEqual([0, 'left'])
    expect(await waiting).toEqual([0, 'right'])
    expect(await stateOf(broker)).toBe('Stable')
    expect([await a.heartbeat(), await b.heartbeat()]).toEqual([0, 0])
  })

  test('a member that falls silent is dropped and the others rebalance', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({ directory: ':memory:', clock })
    const a = new Member(broker)
    const b = new Member(broker)
    await a.join()
    const joining = b.join()
    await clock.advance(1)
    await a.join()
    await joining
    const waiting = b.sync()
    await a.sync({ [a.memberId]: 'left', [b.memberId]: 'right' })
    await waiting
    for (let i = 0; i < 5; i++) {
      await clock.advance(3_000)
      await a.heartbeat()
    }
    expect(await a.heartbeat()).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    expect((await a.join()).members).toHaveLength(1)
    expect(await b.heartbeat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('who does not join again within the rebalance time-out is out', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({ directory: ':memory:', clock })
    const a = new Member(broker)
    await a.join()
    await a.sync({ [a.memberId]: 'all' })
    const b = new Member(broker)
    const joining = b.join()
    for (let i = 0; i < 25; i++) {
      await clock.advance(3_000)
      await a.heartbeat()
    }
    const answer = await joining
    expect([answer.leader, answer.members.length]).toEqual([b.memberId, 1])
    expect(await a.heartbeat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  test('a static member that comes back keeps its part without a rebalance and fences its old self', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    const a = new Member(broker, 'instance-1')
    await a.join()
    await a.sync({ [a.memberId]: 'all' })
    const restarted = new Member(broker, 'instance-1')
    const answer = await restarted.join()
    expect([answer.errorCode, answer.generationId]).toEqual([0, 1])
    expect(await restarted.sync()).toEqual([0, 'all'])
    expect(await a.heartbeat()).toBe(ErrorCode.FENCED_INSTANCE_ID)
    expect(await restarted.heartbeat()).toBe(0)
  })

  test('no common protocol is refused', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    const a = new Member(broker)
    await a.join('m', ['range'])
    const b = new Member(broker)
    expect((await b.join('m', ['sticky'])).errorCode).toBe(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  })

  test('commits are fenced by generation, and between join and sync refused', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({ directory: ':memory:', clock })
    await createTopic(broker, 'orders')
    const a = new Member(broker)
    await a.join()
    expect(await a.commit(1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS)
    await a.sync({ [a.memberId]: 'all' })
    expect(await a.commit(2)).toBe(0)
    const b = new Member(broker)
    const joining = b.join()
    await clock.advance(1)
    // Revoked, not lost: the old generation is good until the join completes.
    expect(await a.commit(3)).toBe(0)
    await a.join()
    await joining
    a.generationId--
    expect(await a.commit(4)).toBe(ErrorCode.ILLEGAL_GENERATION)
    expect(await committed(broker)).toBe(3)
  })

  test('the last member leaves an empty group, which can be deleted with its offsets', async () => {
    await using broker = await EmbeddedBroker.open({ directory: ':memory:' })
    await createTopic(broker, 'orders')
    const a = new Member(broker)
    await a.join()
    await a.sync({ [a.memberId]: 'all' })
    await a.commit(5)
    const remove = async (): Promise<number> =>
      (await ask(broker, 'DeleteGroups', { groupIds: ['g'] })).results[0]!.errorCode
    expect(await remove()).toBe(ErrorCode.NON_EMPTY_GROUP)
    expect(await a.leave()).toBe(0)
    expect(await stateOf(broker)).toBe('Empty')
    expect(await remove()).toBe(0)
    expect(await remove()).toBe(ErrorCode.GROUP_ID_NOT_FOUND)
    expect(await committed(broker)).toBe(-1)
  })

  test('members, generation and offsets survive a restart', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { directory: '/data', fileSystem }
    const before = await EmbeddedBroker.open(options)
    await createTopic(before, 'orders')
    const a = new Member(before)
    await a.join()
    await a.sync({ [a.memberId]: 'all' })
    await a.commit(7)
    fileSystem.crash({ loss: 'process' })
    await using broker = await EmbeddedBroker.open(options)
    const same = new Member(broker)
    same.memberId = a.memberId
    same.generationId = a.generationId
    expect(await same.heartbeat()).toBe(0)
    expect(await same.sync()).toEqual([0, 'all'])
    expect(await committed(broker)).toBe(7)
  })

  test('offsets of an empty group expire, those of a group in use do not', async () => {
    const clock = new VirtualClock()
    await using broker = await EmbeddedBroker.open({
      directory: ':memory:',
      clock,
      defaults: { offsetsRetentionMs: 3_600_000 },
    })
    await createTopic(broker, 'orders')
    const a = new Member(broker)
    a.memberId = ''
    expect(await a.commit(7)).toBe(0)
    await clock.advance(1_800_000)
    expect(await committed(broker)).toBe(7)
    await clock.advance(3_600_000)
    expect(await committed(broker)).toBe(-1)
  })
})
