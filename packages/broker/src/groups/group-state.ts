/** States of a group, by Kafka's names. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

/**
 * What can happen to a group.
 *
 * - `rebalance`: a member came, went or changed, so all must join again
 * - `joined`: the members are known and a new generation begins
 * - `emptied`: the time to join is over and nobody is left
 * - `assigned`: the leader has told who owns what
 * - `removed`: deleted, or its offsets expired
 */
export type GroupEvent = 'rebalance' | 'joined' | 'emptied' | 'assigned' | 'removed'

const table: Readonly<Record<GroupState, Readonly<Partial<Record<GroupEvent, GroupState>>>>> = {
  Empty: { rebalance: 'PreparingRebalance', removed: 'Dead' },
  PreparingRebalance: {
    rebalance: 'PreparingRebalance',
    joined: 'CompletingRebalance',
    emptied: 'Empty',
  },
  CompletingRebalance: { rebalance: 'PreparingRebalance', assigned: 'Stable' },
  Stable: { rebalance: 'PreparingRebalance' },
  Dead: {},
}

/** State after an event; `undefined` when it cannot happen there. Pure. */
export function transitionGroup(state: GroupState, event: GroupEvent): GroupState | undefined {
  return table[state][event]
}
