/** States of a transactional id, by Kafka's names and numbers in `__transaction_state`. */
export const TransactionState = {
  Empty: 0,
  Ongoing: 1,
  PrepareCommit: 2,
  PrepareAbort: 3,
  CompleteCommit: 4,
  CompleteAbort: 5,
} as const

/** Name of a state. */
export type TransactionStateName = keyof typeof TransactionState

/**
 * What can happen to a transactional id.
 *
 * - `init`: a producer begins with the id
 * - `add`: partitions or a group are added
 * - `commit`, `abort`: the producer ends the transaction
 * - `fence`: the transaction is aborted for its producer: timed out, or another producer came
 * - `complete`: every partition has its marker
 */
export type TransactionEvent = 'init' | 'add' | 'commit' | 'abort' | 'fence' | 'complete'

/**
 * What the event does: a new state, or an answer that changes nothing. `done`: it already happened. `concurrent`: ask again when the markers are
 * written. `invalid`: not in this state. `abort-first`: the open transaction must be aborted before.
 */
export type TransactionOutcome =
  TransactionStateName | 'done' | 'concurrent' | 'invalid' | 'abort-first'

const table: Readonly<
  Record<TransactionStateName, Readonly<Record<TransactionEvent, TransactionOutcome>>>
> = {
  Empty: {
    init: 'Empty',
    add: 'Ongoing',
    commit: 'invalid',
    abort: 'invalid',
    fence: 'invalid',
    complete: 'invalid',
  },
  Ongoing: {
    init: 'abort-first',
    add: 'Ongoing',
    commit: 'PrepareCommit',
    abort: 'PrepareAbort',
    fence: 'PrepareAbort',
    complete: 'invalid',
  },
  PrepareCommit: {
    init: 'concurrent',
    add: 'concurrent',
    commit: 'concurrent',
    abort: 'invalid',
    fence: 'invalid',
    complete: 'CompleteCommit',
  },
  PrepareAbort: {
    init: 'concurrent',
    add: 'concurrent',
    commit: 'invalid',
    abort: 'concurrent',
    fence: 'invalid',
    complete: 'CompleteAbort',
  },
  CompleteCommit: {
    init: 'Empty',
    add: 'Ongoing',
    commit: 'done',
    abort: 'invalid',
    fence: 'invalid',
    complete: 'invalid',
  },
  CompleteAbort: {
    init: 'Empty',
    add: 'Ongoing',
    commit: 'invalid',
    abort: 'done',
    fence: 'invalid',
    complete: 'invalid',
  },
}

/** The outcome of an event in a state. Pure. */
export function transitionTransaction(
  state: TransactionStateName,
  event: TransactionEvent,
): TransactionOutcome {
  return table[state][event]
}
