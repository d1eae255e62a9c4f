import { addInt64, subtractInt64, SqlTypes, type Int64 } from '@varve/serde'

import type { AggregateFunction, Aggregator } from '../function.ts'

function counter(counts: (args: readonly unknown[]) => boolean): Aggregator {
  return {
    stateType: SqlTypes.BIGINT,
    resultType: SqlTypes.BIGINT,
    initialize: () => 0,
    add: (args, state) => (counts(args) ? addInt64(state as Int64, 1) : state),
    undo: (args, state) => (counts(args) ? subtractInt64(state as Int64, 1) : state),
    merge: (a, b) => addInt64(a as Int64, b as Int64),
    result: (state) => state,
  }
}

/** COUNT: rows, or rows where the argument is not null. */
export const count: AggregateFunction = {
  kind: 'aggregate',
  name: 'COUNT',
  description: 'Counts rows. With an argument, those where it is not null.',
  overloads: [
    { parameters: [], create: () => counter(() => true) },
    {
      parameters: [{ name: 'value', type: 'T' }],
      create: () => counter((args) => args[0] !== null),
    },
  ],
}
