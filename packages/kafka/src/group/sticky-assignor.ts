import type { Assignor, TopicPartition } from '../client.ts'

/** Balanced within one partition, and whoever holds a partition keeps it where balance allows. */
export const stickyAssignor: Assignor = {
  name: 'sticky',
  subscriptionUserData: () => null,
  assign(members, partitionCounts) {
    const ordered = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
    const held = new Map<string, TopicPartition[]>(ordered.map((m) => [m.memberId, []]))
    const keyOf = (p: TopicPartition): string => `${p.topic}/${p.partition}`
    const free = new Map<string, TopicPartition>()
    for (const [topic, count] of [...partitionCounts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (let partition = 0; partition < count; partition++) {
        free.set(keyOf({ topic, partition }), { topic, partition })
      }
    }
    const fairShare = Math.ceil(free.size / Math.max(ordered.length, 1))
    for (const member of ordered) {
      const partitions = held.get(member.memberId)!
      for (const owned of member.owned) {
        if (partitions.length >= fairShare) break
        const key = keyOf(owned)
        if (!free.has(key) || !member.topics.includes(owned.topic)) continue
        free.delete(key)
        partitions.push({ topic: owned.topic, partition: owned.partition })
      }
    }
    for (const partition of free.values()) {
      let least: TopicPartition[] | undefined
      for (const member of ordered) {
        const partitions = held.get(member.memberId)!
        if (!member.topics.includes(partition.topic)) continue
        if (least === undefined || partitions.length < least.length) least = partitions
      }
      least?.push(partition)
    }
    balance(ordered, held)
    return new Map(
      ordered.map((m) => [m.memberId, { partitions: held.get(m.memberId)!, userData: null }]),
    )
  },
}

/** Moves single partitions from the fullest to the emptiest member while that evens them out. */
function balance(
  members: Parameters<Assignor['assign']>[0],
  held: ReadonlyMap<string, TopicPartition[]>,
): void {
  for (let moved = true; moved;) {
    moved = false
    const byLoad = [...members].sort(
      (a, b) => held.get(a.memberId)!.length - held.get(b.memberId)!.length,
    )
    for (const taker of byLoad) {
      const taken = held.get(taker.memberId)!
      for (const giver of byLoad.toReversed()) {
        const given = held.get(giver.memberId)!
        if (given.length - taken.length < 2) break
        const index = given.findLastIndex((p) => taker.topics.includes(p.topic))
        if (index < 0) continue
        taken.push(...given.splice(index, 1))
        moved = true
        break
      }
      if (moved) break
    }
  }
}
