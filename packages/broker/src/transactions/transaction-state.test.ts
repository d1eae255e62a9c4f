import { expect, test } from 'vitest'

import {
  transitionTransaction,
  type TransactionEvent,
  type TransactionOutcome,
  type TransactionStateName,
} from './transaction-state.ts'

const events: readonly TransactionEvent[] = ['init', 'add', 'commit', 'abort', 'fence', 'complete']

// In the order of the events above.
const expected: Record<TransactionStateName, readonly TransactionOutcome[]> = {
  Empty: ['Empty', 'Ongoing', 'invalid', 'invalid', 'invalid', 'invalid'],
  Ongoing: ['abort-first', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'PrepareAbort', 'invalid'],
  PrepareCommit: ['concurrent', 'concurrent', 'concurrent', 'invalid', 'invalid', 'CompleteCommit'],
  PrepareAbort: ['concurrent', 'concurrent', 'invalid', 'concurrent', 'invalid', 'CompleteAbort'],
  CompleteCommit: ['Empty', 'Ongoing', 'done', 'invalid', 'invalid', 'invalid'],
  CompleteAbort: ['Empty', 'Ongoing', 'invalid', 'done', 'invalid', 'invalid'],
}

test('every event in every state of a transaction', () => {
  for (const [state, outcomes] of Object.entries(expected)) {
    const actual = events.map((event) =>
      transitionTransaction(state as TransactionStateName, event),
    )
    expect(actual, state).toEqual(outcomes)
  }
})
