/**
 * Life of a producer's transactions:
 *
 *     uninitialised ─init→ initialising ─initialised→ ready ─begin→ open ─commit→ committing ─ended→ ready
 *                                                                   │  └─abort→ aborting ───ended→ ready
 *                                                                   └─fail→ abort-required ─abort→ aborting
 *     committing, aborting ─lost (no answer to EndTxn)→ unknown ─init→ initialising
 *     any ─fence→ fenced, any ─close→ closed
 *
 * In `unknown` nobody here knows how the transaction ended: `init` completes or aborts it, and the stable committed offsets tell which.
 */
export type TransactionState =
  | 'uninitialised'
  | 'initialising'
  | 'ready'
  | 'open'
  | 'abort-required'
  | 'committing'
  | 'aborting'
  | 'unknown'
  | 'fenced'
  | 'closed'

/** What moves a producer from state to state. */
export type TransactionEvent =
  | 'init'
  | 'initialised'
  | 'init-failed'
  | 'begin'
  | 'commit'
  | 'abort'
  | 'ended'
  | 'fail'
  | 'lost'
  | 'fence'
  | 'close'

const always = { fence: 'fenced', close: 'closed' } as const

const transitions: Record<
  TransactionState,
  Readonly<Partial<Record<TransactionEvent, TransactionState>>>
> = {
  uninitialised: { ...always, init: 'initialising' },
  initialising: { ...always, initialised: 'ready', 'init-failed': 'uninitialised' },
  ready: { ...always, init: 'initialising', begin: 'open', fail: 'unknown' },
  open: {
    ...always,
    commit: 'committing',
    abort: 'aborting',
    fail: 'abort-required',
  },
  'abort-required': { ...always, abort: 'aborting', fail: 'abort-required', init: 'initialising' },
  committing: { ...always, ended: 'ready', fail: 'abort-required', lost: 'unknown' },
  aborting: { ...always, ended: 'ready', fail: 'aborting', lost: 'unknown' },
  unknown: { ...always, init: 'initialising', fail: 'unknown' },
  fenced: { ...always, fail: 'fenced' },
  closed: { fence: 'closed', close: 'closed', fail: 'closed' },
}

/** State after `event`; `undefined` when the event is not allowed in `state`. */
export function nextTransactionState(
  state: TransactionState,
  event: TransactionEvent,
): TransactionState | undefined {
  return transitions[state][event]
}
