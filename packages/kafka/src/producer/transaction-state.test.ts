import { expect, test } from 'vitest'

import {
  nextTransactionState,
  type TransactionEvent,
  type TransactionState,
} from './transaction-state.ts'

type Row = Record<TransactionEvent, TransactionState | '-'>

// '-' is "not allowed". The type makes the compiler find a missing case.
const table: Record<TransactionState, Row> = {
  uninitialised: row({ init: 'initialising', fence: 'fenced', close: 'closed' }),
  initialising: row({
    initialised: 'ready',
    'init-failed': 'uninitialised',
    fence: 'fenced',
    close: 'closed',
  }),
  ready: row({
    init: 'initialising',
    begin: 'open',
    fail: 'unknown',
    fence: 'fenced',
    close: 'closed',
  }),
  open: row({
    commit: 'committing',
    abort: 'aborting',
    fail: 'abort-required',
    fence: 'fenced',
    close: 'closed',
  }),
  'abort-required': row({
    init: 'initialising',
    abort: 'aborting',
    fail: 'abort-required',
    fence: 'fenced',
    close: 'closed',
  }),
  committing: row({
    ended: 'ready',
    fail: 'abort-required',
    lost: 'unknown',
    fence: 'fenced',
    close: 'closed',
  }),
  aborting: row({
    ended: 'ready',
    fail: 'aborting',
    lost: 'unknown',
    fence: 'fenced',
    close: 'closed',
  }),
  unknown: row({ init: 'initialising', fail: 'unknown', fence: 'fenced', close: 'closed' }),
  fenced: row({ fail: 'fenced', fence: 'fenced', close: 'closed' }),
  closed: row({ fail: 'closed', fence: 'closed', close: 'closed' }),
}

function row(allowed: Partial<Row>): Row {
  return {
    init: '-',
    initialised: '-',
    'init-failed': '-',
    begin: '-',
    commit: '-',
    abort: '-',
    ended: '-',
    fail: '-',
    lost: '-',
    fence: '-',
    close: '-',
    ...allowed,
  }
}

const cases = Object.entries(table).flatMap(([state, events]) =>
  Object.entries(events).map(([event, expected]) => [state, event, expected] as const),
)

test.each(cases)('%s on %s becomes %s', (state, event, expected) => {
  expect(nextTransactionState(state as TransactionState, event as TransactionEvent) ?? '-').toBe(
    expected,
  )
})
