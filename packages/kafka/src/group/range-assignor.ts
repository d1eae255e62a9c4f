import type { Assignor, TopicPartition } from '../client.ts'

/**
 * Gives each member a contiguous range of every topic it subscribes to, members in the order of their ids: partition n of two topics
 * with equal counts goes to the same member.
 */
export const rangeAssignor: Assignor = {
  name: 'range',
  subscriptionUserData: () => null,
  assign(members, partitionCounts) {
    const assigned = new Map(
      members.map((m) => [m.memberId, { partitions: [] as TopicPartition[], userData: null }]),
    )
    for (const [topic, count] of partitionCounts) {
      const takers = members
        .filter((m) => m.topics.includes(topic))
        .map((m) => m.memberId)
        .sort()
      if (takers.length === 0) continue
      const share = Math.floor(count / takers.length)
      const extra = count % takers.length
      let partition = 0
      for (const [index, memberId] of takers.entries()) {
        const end = partition + share + (index < extra ? 1 : 0)
        for (; partition < end; partition++) {
          assigned.get(memberId)!.partitions.push({ topic, partition })
        }
      }
    }
    return assigned
  },
}
