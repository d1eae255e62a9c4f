import { expect, test } from 'vitest'

import {
  nextMembershipState,
  type MembershipEvent,
  type MembershipState,
} from './membership-state.ts'

type Row = Record<MembershipEvent, MembershipState | '-'>

const table: Record<MembershipState, Row> = {
  outside: row({ start: 'joining', fatal: 'failed', close: 'closed' }),
  joining: row({
    joined: 'syncing',
    again: 'joining',
    lost: 'joining',
    fatal: 'failed',
    close: 'closed',
  }),
  syncing: row({
    synced: 'stable',
    again: 'joining',
    lost: 'joining',
    fatal: 'failed',
    close: 'closed',
  }),
  stable: row({ rebalance: 'revoking', lost: 'joining', fatal: 'failed', close: 'closed' }),
  revoking: row({ revoked: 'joining', lost: 'joining', fatal: 'failed', close: 'closed' }),
  failed: row({ fatal: 'failed', close: 'closed' }),
  closed: row({ fatal: 'closed', close: 'closed' }),
}

function row(allowed: Partial<Row>): Row {
  return {
    start: '-',
    joined: '-',
    synced: '-',
    rebalance: '-',
    revoked: '-',
    again: '-',
    lost: '-',
    fatal: '-',
    close: '-',
    ...allowed,
  }
}

const cases = Object.entries(table).flatMap(([state, events]) =>
  Object.entries(events).map(([event, expected]) => [state, event, expected] as const),
)

test.each(cases)('%s on %s becomes %s', (state, event, expected) => {
  expect(nextMembershipState(state as MembershipState, event as MembershipEvent) ?? '-').toBe(
    expected,
  )
})
