import { expect, test } from 'vitest'

import { transitionGroup, type GroupEvent, type GroupState } from './group-state.ts'

const expected: Record<GroupState, Record<GroupEvent, GroupState | undefined>> = {
  Empty: {
    rebalance: 'PreparingRebalance',
    joined: undefined,
    emptied: undefined,
    assigned: undefined,
    removed: 'Dead',
  },
  PreparingRebalance: {
    rebalance: 'PreparingRebalance',
    joined: 'CompletingRebalance',
    emptied: 'Empty',
    assigned: undefined,
    removed: undefined,
  },
  CompletingRebalance: {
    rebalance: 'PreparingRebalance',
    joined: undefined,
    emptied: undefined,
    assigned: 'Stable',
    removed: undefined,
  },
  Stable: {
    rebalance: 'PreparingRebalance',
    joined: undefined,
    emptied: undefined,
    assigned: undefined,
    removed: undefined,
  },
  Dead: {
    rebalance: undefined,
    joined: undefined,
    emptied: undefined,
    assigned: undefined,
    removed: undefined,
  },
}

test('every event in every state of a group', () => {
  for (const [state, events] of Object.entries(expected)) {
    for (const [event, next] of Object.entries(events)) {
      expect(transitionGroup(state as GroupState, event as GroupEvent), `${state} ${event}`).toBe(
        next,
      )
    }
  }
})
