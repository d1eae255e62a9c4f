import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { Assignor, TopicPartition } from '../client.ts'
import { rangeAssignor } from './range-assignor.ts'
import { stickyAssignor } from './sticky-assignor.ts'

type Members = Parameters<Assignor['assign']>[0]

const partitionsOf = (topic: string, ...partitions: number[]): TopicPartition[] =>
  partitions.map((partition) => ({ topic, partition }))

const member = (
  memberId: string,
  topics: readonly string[],
  owned: readonly TopicPartition[] = [],
): Members[number] => ({ memberId, topics, owned, userData: null })

test('range gives contiguous shares, the first members one more', () => {
  const assigned = rangeAssignor.assign(
    [member('b', ['t', 'u']), member('a', ['t', 'u'])],
    new Map([
      ['t', 3],
      ['u', 3],
    ]),
  )
  expect(assigned.get('a')!.partitions).toEqual([
    ...partitionsOf('t', 0, 1),
    ...partitionsOf('u', 0, 1),
  ])
  expect(assigned.get('b')!.partitions).toEqual([...partitionsOf('t', 2), ...partitionsOf('u', 2)])
})

test('sticky leaves partitions where they are and gives a newcomer its share', () => {
  const assigned = stickyAssignor.assign(
    [member('new', ['t']), member('old', ['t'], partitionsOf('t', 0, 1, 2, 3))],
    new Map([['t', 4]]),
  )
  expect(assigned.get('old')!.partitions).toHaveLength(2)
  expect(assigned.get('new')!.partitions).toHaveLength(2)
})

const groups = fc.record({
  counts: fc.dictionary(fc.constantFrom('t', 'u', 'v'), fc.integer({ min: 0, max: 9 })),
  members: fc.array(
    fc.record({
      topics: fc.uniqueArray(fc.constantFrom('t', 'u', 'v', 'missing'), { minLength: 1 }),
      owned: fc.array(
        fc.record({ topic: fc.constantFrom('t', 'u'), partition: fc.integer({ min: 0, max: 9 }) }),
        { maxLength: 5 },
      ),
    }),
    { minLength: 1, maxLength: 6 },
  ),
})

test.each([rangeAssignor, stickyAssignor])(
  '$name assigns each partition that somebody wants exactly once, to somebody who wants it',
  (assignor) => {
    fc.assert(
      fc.property(groups, ({ counts, members }) => {
        const all = members.map((m, index) => member(`m${index}`, m.topics, m.owned))
        const assigned = assignor.assign(all, new Map(Object.entries(counts)))
        const seen: string[] = []
        for (const m of all) {
          for (const { topic, partition } of assigned.get(m.memberId)!.partitions) {
            expect(m.topics).toContain(topic)
            seen.push(`${topic}/${partition}`)
          }
        }
        const wanted = Object.entries(counts).flatMap(([topic, count]) =>
          all.some((m) => m.topics.includes(topic))
            ? Array.from({ length: count }, (_, partition) => `${topic}/${partition}`)
            : [],
        )
        expect(seen.sort()).toEqual(wanted.sort())
      }),
    )
  },
)

test('sticky is balanced within one partition when all want the same', () => {
  fc.assert(
    fc.property(groups, ({ counts, members }) => {
      const topics = ['t', 'u', 'v']
      const all = members.map((m, index) => member(`m${index}`, topics, m.owned))
      const assigned = stickyAssignor.assign(all, new Map(Object.entries(counts)))
      const loads = all.map((m) => assigned.get(m.memberId)!.partitions.length)
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
    }),
  )
})
