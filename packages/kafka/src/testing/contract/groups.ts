import { expect, test } from 'vitest'

import { ErrorCode } from '@varve/kafka-protocol'

import type {
  Assignor,
  GroupMember,
  GroupMemberOptions,
  GroupMetadata,
  Kafka,
  TopicPartition,
} from '../../client.ts'
import { FencedError } from '../../errors.ts'
import { rangeAssignor } from '../../group/range-assignor.ts'
import { bytes, eventually, text, type ContractContext } from '../environment.ts'

interface Followed {
  readonly member: GroupMember
  /** `assigned 0,1`, `revoked 0`, `lost 1`, `error FencedError`, in order. */
  readonly events: string[]
  readonly owned: () => readonly number[]
}

/** Longer than any member is held up on a busy machine: only a member that is gone loses this session. */
const longSessionMs = 30_000

/** Membership: who owns what, when it is revoked and when it is lost. */
export function groupContract(context: () => ContractContext): void {
  const list = (partitions: readonly TopicPartition[]): string =>
    partitions
      .map((p) => p.partition)
      .sort((a, b) => a - b)
      .join(',')

  function follow(
    kafka: Kafka,
    groupId: string,
    topic: string,
    more: Partial<GroupMemberOptions> & {
      readonly onRevoked?: (group: GroupMetadata | undefined) => Promise<void>
    } = {},
  ): Followed {
    const events: string[] = []
    let owned: readonly number[] = []
    const { onRevoked, ...options } = more
    const member: GroupMember = kafka.groupMember({
      groupId,
      topics: [topic],
      assignors: [rangeAssignor],
      sessionTimeoutMs: longSessionMs,
      rebalanceTimeoutMs: 30_000,
      heartbeatIntervalMs: 100,
      listener: {
        onAssigned: (partitions) => {
          owned = partitions.map((p) => p.partition).sort((a, b) => a - b)
          events.push(`assigned ${list(partitions)}`)
          return Promise.resolve()
        },
        onRevoked: async (partitions) => {
          owned = []
          events.push(`revoked ${list(partitions)}`)
          await onRevoked?.(member.metadata())
        },
        onLost: (partitions) => {
          owned = []
          events.push(`lost ${list(partitions)}`)
          return Promise.resolve()
        },
        onError: (error) => {
          events.push(`error ${error instanceof Error ? error.name : String(error)}`)
        },
      },
      ...options,
    })
    return { member, events, owned: () => owned }
  }

  const owns = (followed: Followed, ...partitions: number[]): boolean =>
    followed.owned().join() === partitions.join()

  test('the first member gets everything, a second its share, and what it leaves goes back', async () => {
    const { kafka } = await context().client()
    const { kafka: other } = await context().client()
    const topic = await context().topic(kafka, 3)
    const groupId = context().name('group')
    const one = follow(kafka, groupId, topic)
    await one.member.start()
    expect(one.events).toEqual(['assigned 0,1,2'])
    const two = follow(other, groupId, topic)
    await two.member.start()
    await eventually('both stable', () => one.owned().length + two.owned().length === 3)
    expect(one.events.slice(0, 2)).toEqual(['assigned 0,1,2', 'revoked 0,1,2'])
    expect(one.member.metadata()?.generationId).toBe(two.member.metadata()?.generationId)
    await two.member.close()
    await eventually('one owns all', () => owns(one, 0, 1, 2))
    expect(two.member.metadata()).toBeUndefined()
    await one.member.close()
    expect(one.events.at(-1)).toBe('revoked 0,1,2')
  })

  test('two members of one client do not hold each other up', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 2)
    const groupId = context().name('group')
    const one = follow(kafka, groupId, topic)
    const two = follow(kafka, groupId, topic)
    await one.member.start()
    await two.member.start()
    await eventually('each owns one', () => one.owned().length === 1 && two.owned().length === 1)
    await Promise.all([one.member.close(), two.member.close()])
  })

  test('a member whose process dies loses its partitions to the others after the session', async () => {
    const { kafka } = await context().client()
    const { kafka: other, transport } = await context().client()
    const topic = await context().topic(kafka, 2)
    const groupId = context().name('group')
    const { sessionTimeoutMs } = context()
    const one = follow(kafka, groupId, topic)
    const two = follow(other, groupId, topic, { sessionTimeoutMs })
    await one.member.start()
    await two.member.start()
    await eventually('both own one', () => one.owned().length + two.owned().length === 2)
    transport.kill()
    await eventually('one owns all', () => owns(one, 0, 1))
    await eventually('the other knows', () => two.events.some((e) => e.startsWith('lost ')))
    expect(two.member.metadata()).toBeUndefined()
    transport.revive()
    await eventually('shared again', () => one.owned().length === 1 && two.owned().length === 1)
    await Promise.all([one.member.close(), two.member.close()])
  })

  test('while it is revoked a member can still commit; with its old generation it cannot', async () => {
    const { kafka } = await context().client()
    const { kafka: other } = await context().client()
    const topic = await context().topic(kafka, 2)
    const groupId = context().name('group')
    let old: GroupMetadata | undefined
    const one = follow(kafka, groupId, topic, {
      onRevoked: async (group) => {
        if (old !== undefined) return
        old = group
        await kafka.admin.commitOffsets([{ topic, partition: 0, offset: 4 }], group!)
      },
    })
    await one.member.start()
    const two = follow(other, groupId, topic)
    await two.member.start()
    await eventually('both own one', () => one.owned().length + two.owned().length === 2)
    const partition = { topic, partition: 0 }
    expect((await kafka.admin.committedOffsets(groupId, [partition]))[0]?.offset).toBe(4)
    await expect(
      kafka.admin.commitOffsets([{ ...partition, offset: 5 }], old!),
    ).rejects.toMatchObject({ errorCode: ErrorCode.ILLEGAL_GENERATION })
    await expect(
      kafka.admin.commitOffsets([{ ...partition, offset: 5 }], {
        ...two.member.metadata()!,
        memberId: 'nobody',
      }),
    ).rejects.toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID })
    await Promise.all([one.member.close(), two.member.close()])
  })

  test('offsets of an old generation do not get into a transaction', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 1)
    const groupId = context().name('group')
    const one = follow(kafka, groupId, topic)
    await one.member.start()
    const old = one.member.metadata()!
    one.member.rejoin('a test asks for it')
    await eventually(
      'a new generation',
      () => (one.member.metadata()?.generationId ?? 0) > old.generationId,
    )
    await using producer = kafka.producer({ transactionalId: context().name('tx') })
    await producer.init()
    producer.beginTransaction()
    const offsets = [{ topic, partition: 0, offset: 1 }]
    await expect(producer.sendOffsets(offsets, old)).rejects.toMatchObject({
      errorCode: ErrorCode.ILLEGAL_GENERATION,
    })
    await producer.abortTransaction()
    producer.beginTransaction()
    await producer.sendOffsets(offsets, one.member.metadata()!)
    await producer.commitTransaction()
    expect((await kafka.admin.committedOffsets(groupId, offsets))[0]?.offset).toBe(1)
    await one.member.close()
  })

  test('a static member comes back within its session without disturbing the others', async () => {
    const { kafka } = await context().client()
    const { kafka: other } = await context().client()
    const topic = await context().topic(kafka, 2)
    const groupId = context().name('group')
    const one = follow(kafka, groupId, topic, { groupInstanceId: 'a' })
    const two = follow(other, groupId, topic, { groupInstanceId: 'b' })
    await one.member.start()
    await two.member.start()
    await eventually('both own one', () => one.owned().length + two.owned().length === 2)
    const held = two.owned()
    const before = one.events.length
    await two.member.close()
    const { kafka: restarted } = await context().client()
    const again = follow(restarted, groupId, topic, { groupInstanceId: 'b' })
    await again.member.start()
    expect(again.owned()).toEqual(held)
    expect(one.events.length).toBe(before)
    await Promise.all([one.member.close(), again.member.close()])
  })

  test('a second process with the same instance id fences the first', async () => {
    const { kafka } = await context().client()
    const { kafka: other } = await context().client()
    const topic = await context().topic(kafka, 1)
    const groupId = context().name('group')
    const one = follow(kafka, groupId, topic, { groupInstanceId: 'same' })
    await one.member.start()
    const old = one.member.metadata()!
    const two = follow(other, groupId, topic, { groupInstanceId: 'same' })
    await two.member.start()
    await eventually('fenced', () => one.events.at(-1) === `error ${FencedError.name}`)
    expect(one.events).toContain('lost 0')
    expect(one.member.metadata()).toBeUndefined()
    await expect(
      kafka.admin.commitOffsets([{ topic, partition: 0, offset: 1 }], old),
    ).rejects.toMatchObject({ errorCode: ErrorCode.FENCED_INSTANCE_ID })
    await Promise.all([one.member.close(), two.member.close()])
  })

  test('the leader reads what members say and each reads what the leader answers', async () => {
    const { kafka } = await context().client()
    const { kafka: other } = await context().client()
    const topic = await context().topic(kafka, 2)
    const groupId = context().name('group')
    const heard = new Set<string>()
    const answers: string[] = []
    const talking = (name: string): Assignor => ({
      name: 'talking',
      subscriptionUserData: (owned) => bytes(`${name} holds ${owned.length}`),
      assign(members, counts) {
        for (const member of members) heard.add(text(member.userData)!)
        const assigned = rangeAssignor.assign(members, counts)
        return new Map(
          members.map((m) => [
            m.memberId,
            {
              partitions: assigned.get(m.memberId)!.partitions,
              userData: bytes(`you are ${text(m.userData)!.split(' ')[0]}`),
            },
          ]),
        )
      },
    })
    const start = async (client: Kafka, name: string): Promise<GroupMember> => {
      const member = client.groupMember({
        groupId,
        topics: [topic],
        assignors: [talking(name)],
        sessionTimeoutMs: longSessionMs,
        heartbeatIntervalMs: 100,
        listener: {
          onAssigned: (_, userData) => {
            answers.push(text(userData)!)
            return Promise.resolve()
          },
          onRevoked: () => Promise.resolve(),
          onLost: () => Promise.resolve(),
          onError: (error) => answers.push(String(error)),
        },
      })
      await member.start()
      return member
    }
    const one = await start(kafka, 'one')
    const two = await start(other, 'two')
    await eventually('both told', () => answers.length >= 3)
    expect(answers.slice(0, 3).sort()).toEqual(['you are one', 'you are one', 'you are two'])
    expect([...heard].sort()).toEqual(['one holds 0', 'one holds 2', 'two holds 0'])
    await Promise.all([one.close(), two.close()])
  })

  test('a group with members cannot be deleted nor take offsets from outside', async () => {
    const { kafka } = await context().client()
    const topic = await context().topic(kafka, 1)
    const groupId = context().name('group')
    const one = follow(kafka, groupId, topic)
    await one.member.start()
    await expect(kafka.admin.deleteGroup(groupId)).rejects.toMatchObject({
      errorCode: ErrorCode.NON_EMPTY_GROUP,
    })
    await expect(
      kafka.admin.commitOffsets([{ topic, partition: 0, offset: 1 }], {
        groupId,
        generationId: -1,
        memberId: '',
        groupInstanceId: null,
      }),
    ).rejects.toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID })
    await one.member.close()
    await kafka.admin.deleteGroup(groupId)
  })

  test.each(['JoinGroup', 'SyncGroup', 'Heartbeat'] as const)(
    'a lost answer to %s does no lasting harm',
    async (api) => {
      const { kafka, transport } = await context().client()
      const topic = await context().topic(kafka, 2)
      // A member whose joining nobody heard of is a stranger in its own group until its session ends.
      const { sessionTimeoutMs } = context()
      const one = follow(kafka, context().name('group'), topic, { sessionTimeoutMs })
      transport.inject(api, 'lose-answer')
      await one.member.start()
      await eventually('stable', () => owns(one, 0, 1) && one.member.metadata() !== undefined)
      await new Promise((resolve) => setTimeout(resolve, 300))
      await eventually('still stable', () => owns(one, 0, 1))
      await one.member.close()
    },
  )
}
